// One follower: a Socket.IO client on a websocket that follows one job and checks every event of it.
//
// Whatever arrives goes through `follower_read`; nothing here decides when to connect or what to measure.
#pragma once
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "frames.h"
#include "histogram.h"
#include "markers.h"

typedef enum { GONE, CONNECTING, UPGRADING, OPENING, OPEN, ASKING, REFUSED, LIVE } Stage;
typedef enum { HONEST, NEVER_READS, READS_SLOWLY } Manner;

typedef struct {
    int fd;
    unsigned job;
    Stage stage;
    Manner manner;
    int64_t position;  // the last sequence that it has; -1 before it knows any
    char *rest;        // the beginning of a frame whose end has not come yet
    size_t rest_length, rest_size;
    uint64_t asks_again;
} Follower;

// What all followers have seen since the numbers were last set to zero. `lost` are honest followers whose
// connection ended, `dropped` others.
typedef struct {
    uint64_t frames, delivered, bytes, reads, gaps, doubles, skipped, resets, refused, lost, dropped, untimed;
    Histogram latencies;  // of honest followers
} Seen;

typedef struct {
    uint16_t port;
    const char *path, *subscribe, *resume;  // `resume` is NULL where followers cannot go on from a checkpoint
    int asks;                    // whether a follower asks for its job as soon as it can
    unsigned open, live, whole;  // followers; `whole`: honest ones that have got to `goal`
    int64_t goal;
    Seen seen;
} Crowd;

#define READ_MAX (1 << 20)
#define FRAME_MAX (16 << 20)
#define SLOW_RECEIVE_BYTES 4096
#define ASK_AGAIN_NS (SECOND / 10)

static char incoming[FRAME_MAX + READ_MAX];
static uint64_t read_at;

// Counts who is open, live and whole; every change of stage goes through here.
static void follower_enter(Crowd *crowd, Follower *one, Stage stage) {
    crowd->open += (unsigned)(stage >= OPEN) - (unsigned)(one->stage >= OPEN);
    crowd->live += (unsigned)(stage >= LIVE) - (unsigned)(one->stage >= LIVE);
    one->stage = stage;
}

static void follower_close(Crowd *crowd, Follower *one) {
    if (one->stage == GONE) return;
    close(one->fd);
    one->rest_length = 0;
    follower_enter(crowd, one, GONE);
}

static void follower_lose(Crowd *crowd, Follower *one, const char *why) {
    if (crowd->seen.lost + crowd->seen.dropped == 0) fprintf(stderr, "lost a follower: %s\n", why);
    if (one->manner == HONEST) crowd->seen.lost++;
    else crowd->seen.dropped++;
    follower_close(crowd, one);
}

static void follower_send(Follower *one, int opcode, const char *text, size_t length) {
    char frame[2048];
    size_t header = frame_header(frame, opcode, length, 1);
    memcpy(frame + header, text, length);
    if (send(one->fd, frame, header + length, MSG_NOSIGNAL) < 0 && errno != EAGAIN) perror("send");
}

// Begins to connect; returns 0 if there is no socket to be had.
static int follower_connect(Crowd *crowd, Follower *one) {
    int yes = 1, little = SLOW_RECEIVE_BYTES;
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(crowd->port)};
    inet_pton(AF_INET, "127.0.0.1", &server.sin_addr);
    one->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (one->fd < 0) return 0;
    setsockopt(one->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (one->manner != HONEST) setsockopt(one->fd, SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
    connect(one->fd, (struct sockaddr *)&server, sizeof server);
    follower_enter(crowd, one, CONNECTING);
    return 1;
}

static void follower_upgrade(Crowd *crowd, Follower *one) {
    char request[512];
    int length = snprintf(request, sizeof request,
                          "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
                          crowd->path, crowd->port);
    if (send(one->fd, request, (size_t)length, MSG_NOSIGNAL) != length) follower_lose(crowd, one, "cannot send");
    else follower_enter(crowd, one, UPGRADING);
}

// Asks for its job, from its checkpoint if it has one.
static void follower_ask(Crowd *crowd, Follower *one) {
    char text[1024];
    int resumes = one->position >= 0 && crowd->resume;
    int length = snprintf(text, sizeof text, "%s", resumes ? crowd->resume : crowd->subscribe);
    markers_fill(text, (size_t)length, 'J', JOB_DIGITS, one->job);
    if (resumes) markers_fill(text, (size_t)length, 'S', SEQUENCE_DIGITS, (uint64_t)one->position);
    follower_send(one, TEXT, text, (size_t)length);
    follower_enter(crowd, one, ASKING);
}

static void follower_reach(Crowd *crowd, Follower *one, int64_t sequence) {
    if (one->manner == HONEST)
        crowd->whole += (unsigned)(sequence >= crowd->goal) - (unsigned)(one->position >= crowd->goal);
    one->position = sequence;
}

// What the event brings: the next one, one (or several) too late, or one that something is missing before.
static void follower_check(Crowd *crowd, Follower *one, int64_t first, int64_t last) {
    Seen *seen = &crowd->seen;
    if (one->position >= 0 && first > one->position + 1) seen->gaps += (uint64_t)(first - one->position - 1);
    if (one->position >= first) {
        int64_t known = last < one->position ? last : one->position;
        seen->doubles += (uint64_t)(known - first + 1);
        first = known + 1;
    }
    seen->delivered += (uint64_t)(last - first + 1);
    if (last > one->position) follower_reach(crowd, one, last);
}

// A snapshot stands for all events up to its own; an older one, without a reset, is to be ignored.
static void follower_restart(Crowd *crowd, Follower *one, const char *text, size_t length, int64_t sequence) {
    Seen *seen = &crowd->seen;
    if (memmem(text, length, "\"reset\":true", 12)) seen->resets++;
    else if (sequence <= one->position) return;
    if (one->position >= 0 && sequence > one->position) seen->skipped += (uint64_t)(sequence - one->position);
    follower_reach(crowd, one, sequence);
}

static void follower_event(Crowd *crowd, Follower *one, const char *text, size_t length) {
    static const char SNAPSHOT[] = "42[\"job:snapshot\"";
    const char *end = text + length;
    const char *last = memmem(text, length, "\"sequence\":", 11);
    const char *first = memmem(text, length, "\"fromSequence\":", 15);
    const char *sent = memmem(text, length, "\"ts\":\"", 6);
    if (!last) return;
    int64_t sequence = digits_read(last + 11, end);
    if (length > sizeof SNAPSHOT && !memcmp(text, SNAPSHOT, sizeof SNAPSHOT - 1)) {
        follower_restart(crowd, one, text, length, sequence);
        return;
    }
    crowd->seen.frames++;
    if (sent && one->manner == HONEST) histogram_add(&crowd->seen.latencies, read_at - (uint64_t)digits_read(sent + 6, end));
    if (!sent) crowd->seen.untimed++;
    follower_check(crowd, one, first ? digits_read(first + 15, end) : sequence, sequence);
}

static void follower_acknowledged(Crowd *crowd, Follower *one, const char *text, size_t length) {
    if (memmem(text, length, "\"ok\":true", 9)) {
        follower_enter(crowd, one, LIVE);
    } else {
        if (crowd->seen.refused++ == 0) fprintf(stderr, "refused: %.*s\n", (int)length, text);
        one->asks_again = read_at + ASK_AGAIN_NS;
        follower_enter(crowd, one, REFUSED);
    }
}

static void follower_opened(Crowd *crowd, Follower *one) {
    follower_enter(crowd, one, OPEN);
    if (crowd->asks) follower_ask(crowd, one);
}

// An Engine.IO packet: 0 open, 1 close, 2 ping, 4 message; a message's second digit is Socket.IO's.
static void follower_packet(Crowd *crowd, Follower *one, const char *text, size_t length) {
    char kind = length > 1 && text[0] == '4' ? text[1] : 0;
    if (kind == '2') follower_event(crowd, one, text, length);
    else if (kind == '3') follower_acknowledged(crowd, one, text, length);
    else if (kind == '0') follower_opened(crowd, one);
    else if (text[0] == '2') follower_send(one, TEXT, "3", 1);
    else if (text[0] == '0') follower_send(one, TEXT, "40", 2);
    else follower_lose(crowd, one, "told to leave");
}

static char *follower_upgraded(Crowd *crowd, Follower *one, char *from, char *end) {
    char *head = memmem(from, (size_t)(end - from), "\r\n\r\n", 4);
    if (!head) return from;
    *head = 0;
    if (strncmp(from, "HTTP/1.1 101", 12)) {
        follower_lose(crowd, one, from);
        return from;
    }
    follower_enter(crowd, one, OPENING);
    return head + 4;
}

// Goes through `length` bytes that lie in `incoming`, and keeps what is not whole yet.
static void follower_digest(Crowd *crowd, Follower *one, size_t length) {
    char *at = incoming, *end = incoming + length;
    Frame frame;
    if (one->stage == UPGRADING) at = follower_upgraded(crowd, one, at, end);
    for (size_t size; one->stage > UPGRADING && (size = frame_next(at, (size_t)(end - at), &frame)); at += size) {
        if (frame.opcode == TEXT && frame.length) follower_packet(crowd, one, frame.payload, frame.length);
        else if (frame.opcode == PING) follower_send(one, PONG, frame.payload, frame.length);
        else if (frame.opcode == CLOSE) follower_lose(crowd, one, "closed by a frame");
    }
    if (one->stage == GONE || at == end) return;
    one->rest_length = (size_t)(end - at);
    if (one->rest_size < one->rest_length) one->rest = realloc(one->rest, one->rest_size = 2 * one->rest_length);
    memcpy(one->rest, at, one->rest_length);
}

// Takes what has arrived, at most `most` bytes; returns whether there may be more.
static int follower_read(Crowd *crowd, Follower *one, size_t most) {
    size_t kept = one->rest_length;
    if (kept + most > sizeof incoming) {
        follower_lose(crowd, one, "a frame is too large");
        return 0;
    }
    ssize_t size = recv(one->fd, incoming + kept, most, MSG_DONTWAIT);
    if (size < 0 && errno == EAGAIN) return 0;
    if (size <= 0) {
        follower_lose(crowd, one, size ? strerror(errno) : "closed by the server");
        return 0;
    }
    memcpy(incoming, one->rest, kept);
    one->rest_length = 0;
    read_at = now_ns();
    crowd->seen.reads++;
    crowd->seen.bytes += (uint64_t)size;
    follower_digest(crowd, one, kept + (size_t)size);
    return (size_t)size == most && one->stage != GONE;
}
