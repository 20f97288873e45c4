// limit_server: the least that a server must do for each delivery, one send a frame. The limit to compare with.
//
//   limit_server -p PORT -a REDIS_ADDRESS -c CHANNEL_PATTERN
//
// It speaks just enough Socket.IO for `load`: whoever asks with an id that ends in twelve digits follows that job,
// and gets each event of it from then on. It checks nothing, keeps nothing and knows no checkpoint. A message of
// the bus is a line, which is not looked at, and the event.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>

#include "frames.h"
#include "markers.h"
#include "redis.h"

#define JOBS_MAX 200000
#define EVENTS 512
#define EVENT_MAX 65536

typedef struct Client {
    int fd, upgraded;
    unsigned job, place;  // in the job's room; place 0 is none, 1 the first
    char incoming[2048];
    size_t incoming_length;
    char *unsent;
    size_t unsent_length, unsent_size;
} Client;

typedef struct {
    Client **clients;
    unsigned count, size;
} Room;

static Room rooms[JOBS_MAX];
static int epoll;
static char bus[1 << 20];
static size_t bus_length;

static void watch(Client *one, int change, uint32_t events) {
    struct epoll_event wanted = {.events = events, .data.ptr = one};
    epoll_ctl(epoll, change, one->fd, &wanted);
}

static void leave(Client *one) {
    Room *room = &rooms[one->job];
    if (!one->place) return;
    Client *last = room->clients[--room->count];
    room->clients[one->place - 1] = last;
    last->place = one->place;
    one->place = 0;
}

static void end(Client *one) {
    leave(one);
    close(one->fd);
    free(one->unsent);
    free(one);
}

static void keep(Client *one, const char *data, size_t length) {
    if (one->unsent_length + length > one->unsent_size)
        one->unsent = realloc(one->unsent, one->unsent_size = 2 * (one->unsent_length + length));
    memcpy(one->unsent + one->unsent_length, data, length);
    if (!one->unsent_length) watch(one, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
    one->unsent_length += length;
}

static void push(Client *one, const char *data, size_t length) {
    ssize_t sent = one->unsent_length ? 0 : send(one->fd, data, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) sent = 0;
    if ((size_t)sent < length) keep(one, data + sent, length - (size_t)sent);
}

static void flush(Client *one) {
    ssize_t sent = send(one->fd, one->unsent, one->unsent_length, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent <= 0) return;
    one->unsent_length -= (size_t)sent;
    memmove(one->unsent, one->unsent + sent, one->unsent_length);
    if (!one->unsent_length) watch(one, EPOLL_CTL_MOD, EPOLLIN);
}

static size_t text_frame(char *out, const char *kind, const char *text, size_t length) {
    size_t extra = strlen(kind), header = frame_header(out, TEXT, extra + length, 0);
    memcpy(out + header, kind, extra);
    memcpy(out + header + extra, text, length);
    return header + extra + length;
}

static void say(Client *one, const char *text) {
    char frame[512];
    push(one, frame, text_frame(frame, "", text, strlen(text)));
}

static void follow(Client *one, const char *text, size_t length) {
    const char *id = memmem(text, length, "-8000-", 6);
    unsigned job = id ? (unsigned)digits_read(id + 6, text + length) : JOBS_MAX;
    if (job >= JOBS_MAX || one->place) return;
    Room *room = &rooms[job];
    if (room->count == room->size)
        room->clients = realloc(room->clients, (room->size = 2 * room->size + 4) * sizeof *room->clients);
    room->clients[room->count++] = one;
    one->job = job;
    one->place = room->count;
    say(one, "430[{\"ok\":true}]");
}

static void take_packet(Client *one, const char *text, size_t length) {
    if (length > 2 && !memcmp(text, "42", 2)) follow(one, text, length);
    else if (length == 2 && !memcmp(text, "40", 2)) say(one, "40{\"sid\":\"-\"}");
}

// The key of the load client is always the same, and so is the answer to it.
static void upgrade(Client *one) {
    static const char ANSWER[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                                 "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    push(one, ANSWER, sizeof ANSWER - 1);
    say(one, "0{\"sid\":\"-\",\"upgrades\":[],\"pingInterval\":3600000,\"pingTimeout\":3600000,\"maxPayload\":65536}");
    one->upgraded = 1;
}

static void take(Client *one) {
    size_t room = sizeof one->incoming - one->incoming_length;
    ssize_t size = recv(one->fd, one->incoming + one->incoming_length, room, MSG_DONTWAIT);
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0) {
        end(one);
        return;
    }
    char *at = one->incoming, *last = at + one->incoming_length + size;
    Frame frame;
    if (!one->upgraded && memmem(at, (size_t)(last - at), "\r\n\r\n", 4)) {
        upgrade(one);
        at = last;
    }
    for (size_t whole; one->upgraded && (whole = frame_next(at, (size_t)(last - at), &frame)); at += whole)
        if (frame.opcode == TEXT) take_packet(one, frame.payload, frame.length);
    one->incoming_length = (size_t)(last - at);
    memmove(one->incoming, at, one->incoming_length);
}

static void deliver(const char *channel, size_t channel_length, const char *event, size_t length) {
    static char frame[EVENT_MAX + HEADER_MAX + 2];
    const char *id = memmem(channel, channel_length, "-8000-", 6);
    unsigned job = id ? (unsigned)digits_read(id + 6, channel + channel_length) : JOBS_MAX;
    if (job >= JOBS_MAX || length > EVENT_MAX) return;
    size_t size = text_frame(frame, "42", event, length);
    for (unsigned i = 0; i < rooms[job].count; i++) push(rooms[job].clients[i], frame, size);
}

// Reads a bulk string (or a number); returns what comes after it, NULL if it is not whole.
static char *bulk(char *at, char *last, char **text, size_t *length) {
    char *line = memchr(at, '\n', (size_t)(last - at));
    if (!line) return NULL;
    *text = line + 1;
    *length = *at == '$' ? strtoul(at + 1, NULL, 10) : 0;
    if (*at != '$') return *text;
    return (size_t)(last - *text) < *length + 2 ? NULL : *text + *length + 2;
}

// A message of four parts: pmessage, the pattern, the channel and what was published.
static char *message(char *at, char *last) {
    char *text[4] = {0}, *line = memchr(at, '\n', (size_t)(last - at));
    size_t length[4] = {0}, parts = strtoul(at + 1, NULL, 10);
    if (!line || parts > 4) return NULL;
    at = line + 1;
    for (size_t i = 0; i < parts; i++)
        if (at == last || !(at = bulk(at, last, &text[i], &length[i]))) return NULL;
    char *event = parts == 4 ? memchr(text[3], '\n', length[3]) : NULL;
    if (event) deliver(text[2], length[2], event + 1, (size_t)(text[3] + length[3] - event - 1));
    return at;
}

static void hear(int fd) {
    ssize_t size = recv(fd, bus + bus_length, sizeof bus - bus_length, MSG_DONTWAIT);
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0) exit(1);
    char *at = bus, *last = bus + bus_length + size;
    for (char *next; at < last && (next = message(at, last)); at = next);
    bus_length = (size_t)(last - at);
    memmove(bus, at, bus_length);
}

static void welcome(int listener) {
    int yes = 1;
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        Client *one = calloc(1, sizeof *one);
        one->fd = fd;
        watch(one, EPOLL_CTL_ADD, EPOLLIN);
    }
}

static int listen_at(uint16_t port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), yes = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, 4096)) {
        perror("cannot listen");
        exit(1);
    }
    return fd;
}

static void serve(int listener, int redis) {
    static Client listening, hearing;
    struct epoll_event events[EVENTS];
    listening.fd = listener;
    hearing.fd = redis;
    watch(&listening, EPOLL_CTL_ADD, EPOLLIN);
    watch(&hearing, EPOLL_CTL_ADD, EPOLLIN);
    for (;;) {
        int count = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            Client *one = events[i].data.ptr;
            if (one == &listening) welcome(listener);
            else if (one == &hearing) hear(redis);
            else {
                if (events[i].events & EPOLLOUT && one->unsent_length) flush(one);
                if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) take(one);
            }
        }
    }
}

int main(int count, char **arguments) {
    const char *address = "6379", *pattern = "*";
    uint16_t port = 0;
    for (int option; (option = getopt(count, arguments, "p:a:c:")) > 0;) switch (option) {
        case 'p': port = (uint16_t)atoi(optarg); break;
        case 'a': address = optarg; break;
        case 'c': pattern = optarg; break;
        default: return 2;
    }
    char request[512];
    int redis = redis_connect(address);
    int length = snprintf(request, sizeof request, "*2\r\n$10\r\nPSUBSCRIBE\r\n$%zu\r\n%s\r\n", strlen(pattern), pattern);
    if (send(redis, request, (size_t)length, MSG_NOSIGNAL) != length) return 1;
    epoll = epoll_create1(0);
    serve(listen_at(port), redis);
}
