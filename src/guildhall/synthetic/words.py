"""The words that synthetic names are made of."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST_NAMES = _words(
    """
    Aaliyah Aaron Abena Adam Aditi Agnieszka Ahmed Aiko Aisha Alejandro Aleksandra Alice Amara Amélie Amina
    Ana Anders Andrea Aneta Anna Antonio Anya Arjun Astrid Ava Ayşe Beatriz Ben Benedikt Birgit Björn Bruno
    Camila Carla Carlos Cécile Chen Chiara Chidi Chloé Clara Daan Dagny Daniel Daria David Diego Dmitri Eero
    Elena Elif Elin Ella Emeka Emil Emma Erik Esther Eva Fatima Felix Femke Filip Finn Fiona Francesca
    François Freya Gabriel Giulia Grace Guillermo Gül Hana Hannah Hans Harriet Hassan Helena Henrik Hiroshi
    Ian Ibrahim Ida Ines Ingrid Irina Isabel Ivan Iwona Jack Jakub James Jan Jana Javier Jelena Jens Jin João
    Johanna John Jonas Jorge José Joy Julia Kai Karin Katarzyna Keiko Kenji Khadija Klaus Kofi Kristýna Lars
    Laura Layla Lea Leon Leonie Liam Lin Linnea Lior Ljubica Lucas Lucía Luigi Łukasz Maja Malik Małgorzata
    Manuel Marek Maria Marie Marta Martin Mateo Matěj Maxime Mei Mia Miguel Mikael Milan Mina Ming Miriam
    Mohammed Nadia Naomi Natalia Nguyen Nia Nicolas Nikolai Nils Nina Noah Nora Oksana Oleg Olivia Omar Oscar
    Ousmane Paolo Patrick Paul Pedro Petra Philippe Pia Piotr Priya Quentin Rachel Rafael Rahul Ravi Renée
    Ricardo Rosa Rui Ruth Sabine Sakura Salma Sam Samira Sanna Santiago Sara Sebastian Şebnem Sergei Signe
    Silvia Simon Sofia Søren Stella Stéphane Sunita Sven Takumi Tamar Tanja Tara Thandi Theo Thomas Tiago Tim
    Tobias Tom Tomás Tove Uma Ursula Valentina Vera Victor Viktoria Wei William Wout Xavier Yara Yasmin Yuki
    Yusuf Zahra Zainab Zoë Zuzana
    """
)

LAST_NAMES = _words(
    """
    Abebe Adeyemi Agarwal Ahmadi Åkesson Almeida Andersen Araújo Bakker Banerjee Baptiste Baran Bauer Becker
    Bergström Bernard Bianchi Björk Blanc Boateng Bonnet Borg Bošković Brandt Braun Brown Bruun Burns Çelik
    Campbell Carvalho Castillo Castro Černý Chan Chaudhry Chevalier Chinwe Clarke Cohen Colombo Conti Costa
    Cruz Dąbrowski Dahl Danjuma Das Davies Diallo Díaz Dijkstra Doğan Dubois Dupont Duran Dvořák Edwards
    Eriksen Esposito Evans Farkas Fernández Ferrari Fischer Fleming Fontaine Friedman Fuchs Fujita Gallo
    García Gerber Ghosh Giménez Goldberg Gomes González Graf Gray Greco Gruber Guerrero Gupta Gutiérrez Haas
    Haddad Hakimi Hall Hansen Hartmann Hayashi Hernández Herrera Hoang Hoffmann Holm Horák Horvat Huang
    Hughes Huber Ibarra Ivanov Iyer Jackson Jansen Jensen Johansson Jones Jørgensen Jovanović Kamau Kapoor
    Karlsson Kaya Keita Keller Kelly Khalil Khan Kim Kimura King Klein Kobayashi Koch Kovač Kowalska Krause
    Król Kumar Lambert Larsen Laurent Le Lee Lefèvre Lehmann Leroy Levy Lewis Li Lim Lindqvist Liu Lopes
    López Lund Lundgren Mäkinen Malik Mancini Mansour Marchetti Marín Markovič Martin Martínez Mazur Mbeki
    Meier Mendes Mendoza Meyer Mikkelsen Miller Mohamed Molina Mora Moreau Moreno Morgan Moretti Müller Murphy
    Mwangi Nagy Nakamura Navarro Nguyen Nielsen Nikolaidis Nordin Novák Nowak Nuñez O'Brien O'Neill Ødegård
    Okafor Okoye Olsen Ortiz Osei Öztürk Papadopoulos Park Parker Patel Peeters Pereira Pérez Petersen Petrov
    Pham Phillips Pires Popescu Popović Price Quinn Rahman Ramírez Ramos Rasmussen Reid Reyes Ricci Richter
    Rizzo Roberts Robinson Rocha Rodríguez Romano Rossi Roux Ruiz Russo Saito Salazar Sánchez Santos Sato
    Schäfer Schmid Schneider Scholz Schröder Schwarz Scott Šimić Sharma Silva Simpson Singh Smirnov Smit
    Sokolov Sørensen Soto Souza Stewart Strauß Suárez Sundberg Suzuki Svensson Szabó Takahashi Tan Tanaka
    Taylor Thompson Tóth Tran Turner Uchida Ueda Usman Vargas Vasquez Veenstra Vieira Virtanen Vogel Wagner
    Walker Wallace Walter Wang Watanabe Weber Weiß White Wiśniewska Wolf Wong Wright Wu Yamamoto Yang Yılmaz
    Young Yusuf Zając Zeman Zhang Zhao Zhou Ziegler Zimmermann
    """  # noqa: RUF001 -- the Turkish letter is meant
)

MAIL_DOMAINS = (
    ("example.com", 70),
    ("eu.example.com", 12),
    ("example.org", 8),
    ("contractors.example.net", 7),
    ("partners.example.net", 3),
)
"""Domains that nobody can register (RFC 2606), and how many users of a hundred have one."""

DEPARTMENTS = _words(
    """
    accounting analytics architecture audit billing brand compliance consulting customer-success data-science
    data-platform delivery design design-system devops documentation ecommerce education engineering
    enterprise-sales events facilities field-service finance frontend hardware hr identity infrastructure
    integrations internal-tools it-operations legal localization logistics machine-learning manufacturing
    marketing mobile network observability onboarding operations partners payments payroll people-operations
    platform privacy procurement product production public-relations purchasing quality recruiting release
    reliability research risk sales search security site-reliability strategy supply-chain support tax
    treasury usability vendor-management warehouse web
    """
)

CITIES = _words(
    """
    accra amsterdam ankara athens austin bangalore barcelona beirut belgrade bergen berlin bogotá boston
    brno brussels budapest cairo capetown chicago copenhagen dakar dallas denver dublin edinburgh geneva
    gothenburg hamburg hanoi helsinki istanbul jakarta johannesburg kraków kyoto lagos lima lisbon ljubljana
    london lyon madrid manila medellín melbourne mexico milan montréal mumbai munich nairobi oslo paris
    porto prague pune reykjavík riga rome santiago seattle seoul singapore sofia stockholm sydney taipei
    tallinn tokyo toronto utrecht vienna vilnius warsaw wellington zürich
    """
)

CREATURES = _words(
    """
    albatross antelope badger beaver bison capybara caracal cheetah condor cormorant coyote crane dolphin
    eagle falcon ferret fox gazelle gecko gibbon hare heron hornbill ibex iguana jackal jaguar kestrel kiwi
    koala lemur leopard lynx manatee marmot marten meerkat mongoose moose narwhal newt nightjar ocelot okapi
    orca osprey otter panda pangolin pelican penguin puffin puma quail quokka raven salamander seal serval
    shrike stork swift tapir tern toucan turtle viper vole walrus weasel wolverine wombat wren yak zebra
    """
)

QUALITIES = _words(
    """
    agile amber ancient arctic bold brave bright calm clever coral cosmic crimson curious daring eager
    electric emerald fearless gentle golden happy hidden humble indigo ivory jolly keen lively lucky mellow
    merry mighty nimble noble northern patient polar proud quick quiet rapid scarlet shining silent silver
    solar southern steady stellar swift tidy velvet vivid wandering wild wise witty
    """
)

AUDIENCES = _words(
    """
    admins agents all analysts approvers auditors authors champions contractors coordinators developers
    editors engineers guests interns leads managers members newcomers on-call owners planners readers
    reviewers sponsors stakeholders students testers trainers users viewers watchers
    """
)

JOB_TITLES = (
    "Accountant",
    "Account Manager",
    "Analyst",
    "Business Partner",
    "Consultant",
    "Data Scientist",
    "Designer",
    "Engineering Manager",
    "Graduate",
    "HR Generalist",
    "Principal Engineer",
    "Product Manager",
    "Project Lead",
    "Security Engineer",
    "Senior Software Engineer",
    "Site Reliability Engineer",
    "Software Engineer",
    "Support Engineer",
    "Team Lead",
    "Technical Writer",
)

TIME_ZONES = (
    "America/Chicago",
    "America/New_York",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Europe/Berlin",
    "Europe/London",
    "Europe/Warsaw",
)

DIRECTORY_NAMES = (
    "Staff",
    "Contractors",
    "Partners",
    "Customers",
    "Field organization",
    "Acquired companies",
    "Students",
)
