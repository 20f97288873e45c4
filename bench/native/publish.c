// publish: sends a template to Redis at a fixed rate, job by job in turns.
//
//   publish -a ADDRESS -t TEMPLATE_FILE -j JOBS -r EVENTS_PER_S -n EVENTS -q FIRST_SEQUENCE
//
// In the template 12 × J stand for the job's number, 7 × S for the sequence, 7 × P for the one before it and
// 19 × T for the time of sending in ns. Prints one line of JSON when all is sent and answered.
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>

#include "clock.h"
#include "markers.h"
#include "redis.h"

#define PLACES_MAX 16
#define BATCH_BYTES (256 * 1024)
#define SHORTEST_SLEEP_NS 200000
#define GIVE_UP_S 30
#define END "the-load-ends-here"

typedef struct {
    size_t at[PLACES_MAX], count, digits;
} Places;

static Places times, job, sequence, previous;

static char template[65536], batch[BATCH_BYTES + sizeof template], answers[1 << 16];
static size_t template_length;
static uint64_t *sequences, errors;
static int ended;
static char first_error[200];

static Places find(char letter, size_t digits) {
    Places found = {.digits = digits};
    for (char *at = template; (at = marker_next(at, template + template_length, letter, digits)); at += digits)
        if (found.count < PLACES_MAX) found.at[found.count++] = (size_t)(at - template);
    return found;
}

static void put(char *event, const Places *places, uint64_t value) {
    for (size_t i = 0; i < places->count; i++) digits_put(event + places->at[i], value, places->digits);
}

// Looks through what Redis answers: for errors, and for the echo that comes after everything.
static void take_answers(int fd, int flags) {
    static size_t kept;
    if (!kept) answers[kept++] = '\n';
    ssize_t size;
    while (!ended && (size = recv(fd, answers + kept, sizeof answers - kept - 1, flags)) > 0) {
        char *end = answers + kept + size, *error = answers;
        *end = 0;
        for (; (error = strstr(error, "\n-")); error++)
            if (errors++ == 0) snprintf(first_error, sizeof first_error, "%.80s", error + 2);
        ended = strstr(answers, END) != NULL;
        // What may be the beginning of either stays, but is not looked at twice.
        kept = end[-1] == '\n' ? 1 : (size_t)(end - answers) < sizeof END ? (size_t)(end - answers) : sizeof END;
        memmove(answers, end - kept, kept);
    }
}

static void send_all(int fd, size_t size) {
    for (size_t sent = 0; sent < size;) {
        ssize_t taken = send(fd, batch + sent, size - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (taken > 0) {
            sent += (size_t)taken;
        } else if (errno == EAGAIN) {
            struct pollfd ready = {fd, POLLIN | POLLOUT, 0};
            poll(&ready, 1, 100);
        } else {
            perror("cannot send to Redis");
            exit(1);
        }
        take_answers(fd, MSG_DONTWAIT);
    }
}

// Until the next event is due; a little longer where that is very soon, and then several are.
static void sleep_until(uint64_t due) {
    int64_t left = (int64_t)(due - now_ns());
    if (left < SHORTEST_SLEEP_NS) left = SHORTEST_SLEEP_NS;
    struct timespec nap = {left / (int64_t)SECOND, left % (int64_t)SECOND};
    nanosleep(&nap, NULL);
}

static void read_template(const char *file) {
    FILE *source = fopen(file, "rb");
    if (!source || !(template_length = fread(template, 1, sizeof template, source))) {
        fprintf(stderr, "%s cannot be read\n", file);
        exit(1);
    }
    fclose(source);
    times = find('T', TIME_DIGITS), job = find('J', JOB_DIGITS);
    sequence = find('S', SEQUENCE_DIGITS), previous = find('P', SEQUENCE_DIGITS);
}

static void fill(char *event, unsigned number) {
    memcpy(event, template, template_length);
    put(event, &times, now_ns());
    put(event, &job, number);
    put(event, &previous, sequences[number] - 1);
    put(event, &sequence, sequences[number]++);
}

// Sends `total` events, each when it is due; returns by how much the latest of them was late, in ns.
static uint64_t publish(int fd, unsigned jobs, uint64_t total, double rate) {
    uint64_t started = now_ns(), latest = 0;
    for (uint64_t sent = 0; sent < total;) {
        uint64_t passed = now_ns() - started, due = (uint64_t)((double)passed / SECOND * rate) + 1;
        int64_t late = (int64_t)(passed - (uint64_t)((double)sent / rate * SECOND));
        if (late > (int64_t)latest) latest = (uint64_t)late;
        size_t size = 0;
        for (; sent < due && sent < total && size < BATCH_BYTES; sent++, size += template_length)
            fill(batch + size, (unsigned)(sent % jobs));
        send_all(fd, size);
        if (sent < total && sent >= due) sleep_until(started + (uint64_t)((double)sent / rate * SECOND));
    }
    return latest;
}

static void wait_for_the_end(int fd) {
    struct timeval patience = {GIVE_UP_S, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    send_all(fd, (size_t)sprintf(batch, "*2\r\n$4\r\nECHO\r\n$%zu\r\n" END "\r\n", sizeof END - 1));
    take_answers(fd, 0);
}

static void print(uint64_t total, double seconds, uint64_t latest) {
    printf("{\"sent\":%lu,\"answered\":%s,\"errors\":%lu,", total, ended ? "true" : "false", errors);
    printf("\"first_error\":\"");
    for (char *at = first_error; *at && *at != '\r'; at++) putchar(*at == '"' || *at == '\\' ? '\'' : *at);
    printf("\",\"seconds\":%.4f,\"late_ms\":%.2f,\"cpu_s\":%.4f}\n", seconds, (double)latest / 1e6, cpu_s());
}

int main(int count, char **arguments) {
    const char *address = "6379", *file = "";
    unsigned jobs = 1;
    uint64_t total = 0, first = 1000000;
    double rate = 1;
    for (int option; (option = getopt(count, arguments, "a:t:j:r:n:q:")) > 0;) switch (option) {
        case 'a': address = optarg; break;
        case 't': file = optarg; break;
        case 'j': jobs = (unsigned)atoi(optarg); break;
        case 'r': rate = atof(optarg); break;
        case 'n': total = strtoull(optarg, NULL, 10); break;
        case 'q': first = strtoull(optarg, NULL, 10); break;
        default: return 2;
    }
    read_template(file);
    sequences = calloc(jobs, sizeof *sequences);
    for (unsigned i = 0; i < jobs; i++) sequences[i] = first;
    int fd = redis_connect(address);
    uint64_t started = now_ns(), latest = publish(fd, jobs, total, rate);
    double seconds = (double)(now_ns() - started) / SECOND;
    wait_for_the_end(fd);
    print(total, seconds, latest);
    return 0;
}
