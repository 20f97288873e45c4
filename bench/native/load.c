// load: many followers in one thread, told by lines on its standard input what to do.
//
//   load -p PORT -n FOLLOWERS -j JOBS -s SUBSCRIBE [-r RESUME] [-N NEVER_READING] [-W READING_SLOWLY] [-u PATH]
//
// SUBSCRIBE and RESUME are Socket.IO packets with 12 × J for the job's number and, in RESUME, 7 × S for the
// sequence that the follower has. Follower k follows job k modulo JOBS. Of all followers the first do not read
// once they follow, the next read 1 kB/s.
//
//   open SECONDS             until every follower is connected and its namespace open
//   follow SECONDS           until every follower's job has been acknowledged
//   reach SEQUENCE SECONDS   until every honest follower has got to there; connects and asks where need be
//   measure WARM SECONDS     sets all numbers to zero after WARM seconds, then counts so long
//   drop                     closes every connection
//   count                    tells the numbers
//
// Each is answered by a line of JSON; SECONDS are how long to wait at most. The numbers are those since the last
// `measure`, `open`, `follow` or `reach`.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/epoll.h>

#include "follower.h"

#define AT_A_TIME 128  // connections under way
#define EVENTS 2048
#define SLOW_EVERY_NS (SECOND / 10)
#define SLOW_BYTES 100

typedef enum { NOTHING, OPENED, FOLLOWING, REACHED, WARMING, MEASURING } Task;

static Crowd crowd = {.path = "/socket.io/?EIO=4&transport=websocket", .subscribe = "", .goal = INT64_MAX};
static Follower *followers;
static unsigned total, honest, next_to_connect;
static int epoll;

static Task task;
static uint64_t task_began, task_ends, warm_until, open_at, live_at, whole_at;
static double cpu_began;

static void connect_some(void) {
    unsigned under_way = 0;
    for (unsigned i = 0; i < total; i++) under_way += followers[i].stage > GONE && followers[i].stage < OPEN;
    for (; next_to_connect < total && under_way < AT_A_TIME; next_to_connect++, under_way++) {
        Follower *one = &followers[next_to_connect];
        if (one->stage != GONE) continue;
        if (!follower_connect(&crowd, one)) return;
        struct epoll_event wanted = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = one};
        epoll_ctl(epoll, EPOLL_CTL_ADD, one->fd, &wanted);
    }
}

static void read_in_their_manner(void) {
    static uint64_t due;
    uint64_t now = now_ns();
    if (now < due) return;
    due = now + SLOW_EVERY_NS;
    for (unsigned i = 0; i < total - honest; i++)
        if (followers[i].manner == READS_SLOWLY && followers[i].stage == LIVE)
            follower_read(&crowd, &followers[i], SLOW_BYTES);
}

static void ask_again(void) {
    uint64_t now = now_ns();
    for (unsigned i = 0; crowd.seen.refused && i < total; i++)
        if (followers[i].stage == REFUSED && now >= followers[i].asks_again) follower_ask(&crowd, &followers[i]);
}

static void handle(Follower *one, uint32_t events) {
    if (!one) return;  // standard input
    if (one->stage == CONNECTING && events & EPOLLOUT) {
        int failed = 0;
        socklen_t size = sizeof failed;
        getsockopt(one->fd, SOL_SOCKET, SO_ERROR, &failed, &size);
        if (failed) follower_lose(&crowd, one, strerror(failed));
        else follower_upgrade(&crowd, one);
    }
    while (one->stage >= UPGRADING && (one->manner == HONEST || one->stage != LIVE))
        if (!follower_read(&crowd, one, READ_MAX)) break;
}

static void numbers_to_zero(void) {
    memset(&crowd.seen, 0, sizeof crowd.seen);
    cpu_began = cpu_s();
    task_began = now_ns();
    open_at = live_at = whole_at = 0;
}

static double after(uint64_t time) { return time ? (double)(time - task_began) / SECOND : -1; }

static void answer(void) {
    const Seen *seen = &crowd.seen;
    const Histogram *latencies = &seen->latencies;
    double seconds = after(now_ns());
    printf("{\"seconds\":%.4f,\"open\":%u,\"live\":%u,\"whole\":%u,", seconds, crowd.open, crowd.live, crowd.whole);
    printf("\"open_s\":%.4f,\"live_s\":%.4f,\"whole_s\":%.4f,", after(open_at), after(live_at), after(whole_at));
    printf("\"delivered\":%lu,\"frames\":%lu,\"bytes\":%lu,\"reads\":%lu,", seen->delivered, seen->frames, seen->bytes,
           seen->reads);
    printf("\"gaps\":%lu,\"doubles\":%lu,\"skipped\":%lu,\"resets\":%lu,", seen->gaps, seen->doubles, seen->skipped,
           seen->resets);
    printf("\"refused\":%lu,\"lost\":%lu,\"dropped\":%lu,", seen->refused, seen->lost, seen->dropped);
    printf("\"timed\":%lu,\"p50_ms\":%.4f,\"p99_ms\":%.4f,\"max_ms\":%.4f,", latencies->count,
           histogram_quantile(latencies, 0.5) / 1e6, histogram_quantile(latencies, 0.99) / 1e6,
           (double)latencies->longest / 1e6);
    printf("\"cpu_s\":%.4f}\n", cpu_s() - cpu_began);
    fflush(stdout);
}

static void begin(Task next, double seconds) {
    numbers_to_zero();
    task = next;
    task_ends = now_ns() + (uint64_t)(seconds * SECOND);
    crowd.asks = next != OPENED;
    next_to_connect = 0;
    for (unsigned i = 0; crowd.asks && i < total; i++)
        if (followers[i].stage == OPEN) follower_ask(&crowd, &followers[i]);
}

static void set_goal(int64_t sequence) {
    crowd.goal = sequence;
    crowd.whole = 0;
    for (unsigned i = 0; i < total; i++)
        crowd.whole += followers[i].manner == HONEST && followers[i].position >= sequence;
}

static void drop(void) {
    for (unsigned i = 0; i < total; i++) follower_close(&crowd, &followers[i]);
    next_to_connect = total;
    answer();
}

static void obey(const char *line) {
    double warm, seconds;
    long sequence;
    if (sscanf(line, "open %lf", &seconds) == 1) {
        begin(OPENED, seconds);
    } else if (sscanf(line, "follow %lf", &seconds) == 1) {
        begin(FOLLOWING, seconds);
    } else if (sscanf(line, "reach %ld %lf", &sequence, &seconds) == 2) {
        set_goal(sequence);
        begin(REACHED, seconds);
    } else if (sscanf(line, "measure %lf %lf", &warm, &seconds) == 2) {
        task = WARMING;
        warm_until = now_ns() + (uint64_t)(warm * SECOND);
        task_ends = warm_until + (uint64_t)(seconds * SECOND);
    } else if (!strcmp(line, "drop")) {
        drop();
    } else if (!strcmp(line, "count")) {
        answer();
    } else {
        fprintf(stderr, "not a command: %s\n", line);
        exit(2);
    }
}

static void note_times(void) {
    if (!open_at && crowd.open == total) open_at = now_ns();
    if (!live_at && crowd.live == total) live_at = now_ns();
    if (!whole_at && crowd.whole == honest) whole_at = now_ns();
}

static void check_task(void) {
    uint64_t now = now_ns();
    if (task == WARMING && now >= warm_until) {
        numbers_to_zero();
        task = MEASURING;
    }
    note_times();
    int done = (task == OPENED && open_at) || (task == FOLLOWING && live_at) || (task == REACHED && whole_at);
    if (task == NOTHING || (!done && now < task_ends)) return;
    task = NOTHING;
    answer();
}

// A line of commands at a time: the next one is read when this one has been answered.
static void take_command(void) {
    static char line[256];
    static size_t length;
    for (char next; task == NOTHING;) {
        ssize_t size = read(0, &next, 1);
        if (size == 0) exit(0);
        if (size < 0) return;
        line[next == '\n' ? length : length++] = next == '\n' ? 0 : next;
        if (next != '\n' && length < sizeof line) continue;
        length = 0;
        obey(line);
    }
}

static void run(void) {
    static struct epoll_event events[EVENTS];
    for (;;) {
        int wait_ms = task == NOTHING ? 20 : 1;
        int count = epoll_wait(epoll, events, EVENTS, wait_ms);
        for (int i = 0; i < count; i++) handle(events[i].data.ptr, events[i].events);
        if (next_to_connect < total) connect_some();
        if (honest < total) read_in_their_manner();
        ask_again();
        check_task();
        take_command();
    }
}

int main(int count, char **arguments) {
    unsigned jobs = 1, never = 0, slowly = 0;
    for (int option; (option = getopt(count, arguments, "p:n:j:s:r:N:W:u:")) > 0;) switch (option) {
        case 'p': crowd.port = (uint16_t)atoi(optarg); break;
        case 'n': total = (unsigned)atoi(optarg); break;
        case 'j': jobs = (unsigned)atoi(optarg); break;
        case 's': crowd.subscribe = optarg; break;
        case 'r': crowd.resume = optarg; break;
        case 'N': never = (unsigned)atoi(optarg); break;
        case 'W': slowly = (unsigned)atoi(optarg); break;
        case 'u': crowd.path = optarg; break;
        default: return 2;
    }
    followers = calloc(total, sizeof *followers);
    honest = total - never - slowly;
    for (unsigned i = 0; i < total; i++) {
        Manner manner = i < never ? NEVER_READS : i < never + slowly ? READS_SLOWLY : HONEST;
        followers[i] = (Follower){.job = i % jobs, .manner = manner, .position = -1};
    }
    next_to_connect = total;
    epoll = epoll_create1(0);
    fcntl(0, F_SETFL, O_NONBLOCK);
    struct epoll_event input = {.events = EPOLLIN, .data.ptr = NULL};
    epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &input);
    run();
}
