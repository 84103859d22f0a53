"""Who comes to the server's bare address is led on (contract 1.1)."""


async def test_get_front_page_leads_a_browser_to_the_documentation(world):
    answer = await world.client(None).get("/", headers={"accept": "text/html,*/*;q=0.8"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/docs")
    assert answer.headers["vary"] == "accept"


async def test_get_front_page_tells_a_program_where_things_are(world):
    answer = await world.client(None).get("/")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["name"], body["api"]) == ("Guildhall", "http://127.0.0.1:8080/admin")
    for name in ("documentation", "openapi", "health"):
        assert (await world.client(None).get(body[name])).status_code == 200


async def test_get_docs_with_a_slash_behind_leads_to_the_documentation(world):
    answer = await world.client(None).get("/docs/")
    assert (answer.status_code, answer.headers["location"]) == (308, "/docs")


async def test_a_slash_behind_another_path_is_another_resource(world):
    answer = await world.http.get(f"{world.v2()}/groups/")
    assert answer.status_code == 404
