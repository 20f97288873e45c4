// Durations in buckets that are at most 3 % wide: 32 for each power of two.
#pragma once
#include <stdint.h>
#include <string.h>

#define STEPS 32
#define BUCKETS (60 * STEPS)

typedef struct {
    uint64_t buckets[BUCKETS];
    uint64_t count, longest;
} Histogram;

static inline void histogram_clear(Histogram *one) { memset(one, 0, sizeof *one); }

static inline void histogram_add(Histogram *one, uint64_t ns) {
    unsigned bucket = (unsigned)ns;
    if (ns >= STEPS) {
        unsigned power = 63 - (unsigned)__builtin_clzll(ns);
        bucket = (power - 4) * STEPS + ((ns >> (power - 5)) & (STEPS - 1));
    }
    one->buckets[bucket]++;
    one->count++;
    if (ns > one->longest) one->longest = ns;
}

// The middle of the bucket below which `share` of all durations lie; 0 if there are none.
static inline double histogram_quantile(const Histogram *one, double share) {
    uint64_t wanted = (uint64_t)((double)one->count * share), below = 0;
    for (unsigned bucket = 0; bucket < BUCKETS; bucket++) {
        below += one->buckets[bucket];
        if (below > wanted) {
            if (bucket < STEPS) return bucket;
            unsigned power = bucket / STEPS + 4;
            uint64_t low = (UINT64_C(1) << power) + ((uint64_t)(bucket % STEPS) << (power - 5));
            return (double)low + (double)(UINT64_C(1) << (power - 6 < 60 ? power - 6 : 0));
        }
    }
    return (double)one->longest;
}
