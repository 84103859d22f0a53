/* Replays prepared LDAP messages on a few connections, each with one request under way, and times the answers.
 *
 *   replay PORT PID CLIENTS WARM_UP SECONDS MODE SUCCESS BIND REQUESTS
 *
 * BIND and REQUESTS are files of messages, each behind its length in four bytes, big end first. MODE is "repeat"
 * (begin anew after the last), "once" (stop after the last) or "walk" (REQUESTS holds the request for a first page
 * and the one for a next page, which ends in the cookie). SUCCESS is the result code of a right answer. PID is the
 * server's, whose processor time is read at both ends of the measurement.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { COOKIE = 8, PATIENCE_SECONDS = 300, MOST_EVENTS = 64 };
enum mode { REPEAT, ONCE, WALK };

struct message {
    unsigned char *bytes;
    size_t length;
};

struct list {
    struct message *items;
    size_t count;
};

struct connection {
    int socket;
    unsigned char *buffer;
    size_t held, size;
    double sent;
    struct message next_page;
    bool has_cookie;
    bool done;
};

static struct list requests;
static enum mode mode;
static size_t taken;
static int success, first_error;
static bool measuring;
static double *latencies;
static size_t measured, room, answered, errors, entries;
static double began, ended;

static void fail(const char *what) {
    fprintf(stderr, "%s%s%s\n", what, errno ? ": " : "", errno ? strerror(errno) : "");
    exit(1);
}

static double now(void) {
    struct timespec moment;
    clock_gettime(CLOCK_MONOTONIC, &moment);
    return (double)moment.tv_sec + (double)moment.tv_nsec / 1e9;
}

static double cpu_seconds(const char *pid) {
    char path[64], line[1024];
    unsigned long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%s/stat", pid);
    FILE *file = fopen(path, "r");
    if (!file || !fgets(line, sizeof line, file)) fail("cannot read the server's processor time");
    fclose(file);
    /* User and system time are the twelfth and thirteenth fields behind the name, which may hold spaces. */
    char *rest = strrchr(line, ')');
    if (!rest || sscanf(rest + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
        fail("cannot understand the server's processor time");
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static struct list read_messages(const char *path) {
    struct list found = {0};
    size_t reserved = 0;
    unsigned char prefix[4];
    FILE *file = fopen(path, "rb");
    if (!file) fail(path);
    while (fread(prefix, 1, 4, file) == 4) {
        if (found.count == reserved) {
            reserved = reserved ? reserved * 2 : 1024;
            found.items = realloc(found.items, reserved * sizeof *found.items);
            if (!found.items) fail("no memory");
        }
        struct message *item = &found.items[found.count++];
        item->length = (size_t)prefix[0] << 24 | (size_t)prefix[1] << 16 | (size_t)prefix[2] << 8 | prefix[3];
        item->bytes = malloc(item->length);
        if (!item->bytes || fread(item->bytes, 1, item->length, file) != item->length) fail("a file is cut short");
    }
    fclose(file);
    if (!found.count) fail("a file holds no message");
    return found;
}

/* Returns how long a value's length field is and sets the length, or 0 when more bytes are needed. */
static size_t read_length(const unsigned char *bytes, size_t held, size_t *length) {
    if (!held) return 0;
    if (bytes[0] < 0x80) {
        *length = bytes[0];
        return 1;
    }
    size_t octets = bytes[0] & 0x7f;
    if (held < octets + 1) return 0;
    *length = 0;
    for (size_t i = 1; i <= octets; i++) *length = *length << 8 | bytes[i];
    return octets + 1;
}

static void send_all(struct connection *connection, struct message message) {
    size_t gone = 0;
    connection->sent = now();
    while (gone < message.length) {
        ssize_t count = send(connection->socket, message.bytes + gone, message.length - gone, MSG_NOSIGNAL);
        if (count <= 0) fail("cannot send");
        gone += (size_t)count;
    }
}

static void send_next(struct connection *connection) {
    if (mode == WALK) {
        send_all(connection, connection->has_cookie ? connection->next_page : requests.items[0]);
        return;
    }
    if (taken == requests.count) {
        if (mode == ONCE) {
            connection->done = true;
            return;
        }
        taken = 0;
    }
    send_all(connection, requests.items[taken++]);
}

static void record(double latency) {
    if (measured == room) {
        room = room ? room * 2 : 65536;
        latencies = realloc(latencies, room * sizeof *latencies);
        if (!latencies) fail("no memory");
    }
    latencies[measured++] = latency;
}

/* Keeps the cookie that a page's answer ends in; the last page has none. */
static void keep_cookie(struct connection *connection, const unsigned char *bytes, size_t length) {
    const unsigned char *value = bytes + length - COOKIE;
    connection->has_cookie = length > COOKIE + 2 && value[-2] == 0x04 && value[-1] == COOKIE;
    if (connection->has_cookie)
        memcpy(connection->next_page.bytes + connection->next_page.length - COOKIE, value, COOKIE);
}

/* Returns the result code of a message that ends an operation, or -1 for one with more to follow. */
static int result_code(const unsigned char *bytes, size_t length) {
    size_t ignored, at = 1 + read_length(bytes + 1, length - 1, &ignored);
    at += 2 + (size_t)bytes[at + 1]; /* the message id */
    unsigned char operation = bytes[at];
    if (operation == 0x64 || operation == 0x73) return -1; /* an entry or a reference of a search */
    at += 1 + read_length(bytes + at + 1, length - at - 1, &ignored);
    return bytes[at + 2];
}

static void finish(struct connection *connection, int code) {
    ended = now();
    answered++;
    if (code != success) {
        if (!errors++) first_error = code;
    }
    if (measuring) record(ended - connection->sent);
    send_next(connection);
}

static void handle(struct connection *connection) {
    size_t at = 0, length;
    while (connection->held - at >= 2) {
        unsigned char *bytes = connection->buffer + at;
        size_t octets = read_length(bytes + 1, connection->held - at - 1, &length);
        if (!octets || connection->held - at < 1 + octets + length) break;
        length += 1 + octets;
        int code = result_code(bytes, length);
        at += length;
        if (code < 0) {
            entries += measuring;
            continue;
        }
        if (mode == WALK) keep_cookie(connection, bytes, length);
        finish(connection, code);
    }
    memmove(connection->buffer, connection->buffer + at, connection->held - at);
    connection->held -= at;
}

static void receive(struct connection *connection) {
    if (connection->size - connection->held < 65536) {
        connection->size = connection->size * 2 + 131072;
        connection->buffer = realloc(connection->buffer, connection->size);
        if (!connection->buffer) fail("no memory");
    }
    size_t space = connection->size - connection->held;
    ssize_t count = recv(connection->socket, connection->buffer + connection->held, space, 0);
    if (count <= 0) fail("the server has closed a connection");
    connection->held += (size_t)count;
}

static void open_connection(struct connection *connection, int port, struct message bind) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connection->socket = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(connection->socket, (struct sockaddr *)&address, sizeof address)) fail("cannot connect");
    setsockopt(connection->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    send_all(connection, bind);
    /* The answer to a bind is one short message. */
    receive(connection);
    if (result_code(connection->buffer, connection->held) != 0) fail("the server refuses the bind");
    connection->held = 0;
    if (mode == WALK) {
        connection->next_page.length = requests.items[1].length;
        connection->next_page.bytes = malloc(connection->next_page.length);
        if (!connection->next_page.bytes) fail("no memory");
        memcpy(connection->next_page.bytes, requests.items[1].bytes, connection->next_page.length);
    }
}

static bool all_done(const struct connection *connections, int clients) {
    for (int i = 0; i < clients; i++)
        if (!connections[i].done) return false;
    return true;
}

static bool warm(double started, double warm_up) {
    /* Requests that can be sent only once are few at times: most of them have to be left for the measurement. */
    return now() - started >= warm_up || (mode == ONCE && taken >= requests.count / 10);
}

static void run(int poll, struct connection *connections, int clients, const char *const *arguments) {
    double started = now(), warm_up = atof(arguments[3]), seconds = atof(arguments[4]), cpu = 0;
    struct epoll_event events[MOST_EVENTS];
    while (!all_done(connections, clients)) {
        if (!measuring && warm(started, warm_up)) {
            measuring = true;
            cpu = cpu_seconds(arguments[1]);
            began = ended = now();
        }
        if (measuring && now() - began >= seconds) break;
        int count = epoll_wait(poll, events, MOST_EVENTS, 50);
        for (int i = 0; i < count; i++) {
            receive(events[i].data.ptr);
            handle(events[i].data.ptr);
        }
        if (now() - started > warm_up + seconds + PATIENCE_SECONDS) fail("the server does not answer");
    }
    cpu = cpu_seconds(arguments[1]) - cpu;
    printf("%zu %zu %.6f %zu %d %zu %.0f", taken, measured, ended - began, errors, first_error, entries, cpu * 1e6);
}

static int ascending(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

int main(int count, char **arguments) {
    if (count != 10) fail("usage: replay PORT PID CLIENTS WARM_UP SECONDS MODE SUCCESS BIND REQUESTS");
    int port = atoi(arguments[1]), clients = atoi(arguments[3]), poll = epoll_create1(0);
    mode = !strcmp(arguments[6], "walk") ? WALK : !strcmp(arguments[6], "once") ? ONCE : REPEAT;
    success = atoi(arguments[7]);
    struct list binds = read_messages(arguments[8]);
    requests = read_messages(arguments[9]);
    if (mode == WALK && requests.count != 2) fail("a walk has two requests");
    struct connection *connections = calloc((size_t)clients, sizeof *connections);
    if (!connections || clients < 1) fail("no connections");
    for (int i = 0; i < clients; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &connections[i]};
        open_connection(&connections[i], port, binds.items[0]);
        epoll_ctl(poll, EPOLL_CTL_ADD, connections[i].socket, &event);
    }
    for (int i = 0; i < clients; i++) send_next(&connections[i]);
    run(poll, connections, clients, (const char *const *)arguments + 1);
    errno = 0;
    if (!measured) fail("nothing was answered in time");
    qsort(latencies, measured, sizeof *latencies, ascending);
    printf(" %.3f %.3f\n", latencies[measured / 2] * 1e3, latencies[measured * 99 / 100] * 1e3);
    return 0;
}
