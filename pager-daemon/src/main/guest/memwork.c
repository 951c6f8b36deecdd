/*
 * memwork: works on memory and checks it.
 *
 *   memwork MEBIBYTES THREADS
 *
 * Each thread owns a share of the pages. Every word of a page follows from the page's number and its version; the
 * expected version is kept elsewhere. For ever, in pseudo-random order, a thread checks all words of a page and writes
 * the page anew with the next version. So a page that is lost, old, or somebody else's is found at the next visit.
 *
 * Once a second: "MEMWORK OK pass N pages P", N being the passes that every thread has finished, P the pages checked.
 * At the first wrong page: "MEMWORK MISMATCH ..." and the end, with status 1.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { WORDS = 4096 / sizeof(uint64_t), MAX_THREADS = 64 };

struct share {
    pthread_t thread;
    uint64_t first;             /* number of the first page, over all threads */
    uint64_t count;
    uint64_t *pages;
    uint32_t *versions;
    volatile uint64_t passes;
    volatile uint64_t checked;
};

static struct share shares[MAX_THREADS];

static uint64_t first_word(uint64_t page, uint32_t version)
{
    uint64_t x = page * 0x9e3779b97f4a7c15u ^ (uint64_t)version * 0xd6e8feb86659fd93u;
    return x ^ x >> 29;
}

static const uint64_t STEP = 0xbf58476d1ce4e5b9u;

static void write_page(uint64_t *words, uint64_t page, uint32_t version)
{
    uint64_t value = first_word(page, version);
    for (int i = 0; i < WORDS; i++, value += STEP)
        words[i] = value;
}

static void mismatch(const uint64_t *words, uint64_t page, uint32_t version)
{
    uint64_t value = first_word(page, version);
    int wrong = 0, first = -1, zeros = 0;
    for (int i = 0; i < WORDS; i++) {
        zeros += words[i] == 0;
        if (words[i] != value + i * STEP) {
            wrong++;
            first = first < 0 ? i : first;
        }
    }
    for (uint32_t back = 1; back <= version && back < 1000; back++)
        if (words[0] == first_word(page, version - back)) {
            printf("MEMWORK MISMATCH page %llu has version %u, written was %u (%d words differ)\n",
                   (unsigned long long)page, version - back, version, wrong);
            return;
        }
    printf("MEMWORK MISMATCH page %llu version %u: %d words differ, the first is word %d (%016llx, not %016llx), %d are 0\n",
           (unsigned long long)page, version, wrong, first, (unsigned long long)words[first],
           (unsigned long long)(value + first * STEP), zeros);
}

static void check_page(const uint64_t *words, uint64_t page, uint32_t version)
{
    uint64_t value = first_word(page, version), difference = 0;
    for (int i = 0; i < WORDS; i++, value += STEP)
        difference |= words[i] ^ value;
    if (difference) {
        mismatch(words, page, version);
        fflush(stdout);
        _exit(1);
    }
}

static void *work(void *argument)
{
    struct share *share = argument;
    for (uint64_t i = 0; i < share->count; i++)
        write_page(share->pages + i * WORDS, share->first + i, 0);
    uint64_t mask = 1;
    while (mask < share->count)
        mask <<= 1;
    mask--;
    for (uint64_t pass = 0;; pass++) {
        uint64_t x = 0, increment = pass * 2 + 12345;   /* odd: every page exactly once */
        for (uint64_t i = 0; i <= mask; i++) {
            x = (x * 1664525 + increment) & mask;
            uint64_t index = x ^ x >> 7;
            if (index >= share->count)
                continue;
            uint64_t *words = share->pages + index * WORDS;
            check_page(words, share->first + index, share->versions[index]);
            write_page(words, share->first + index, ++share->versions[index]);
            share->checked++;
        }
        share->passes++;
    }
    return NULL;
}

static void *allocate(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        perror("MEMWORK: mmap");
        exit(2);
    }
    return memory;
}

int main(int argc, char **argv)
{
    uint64_t pages = argc > 1 ? strtoull(argv[1], NULL, 0) * 256 : 0;
    int threads = argc > 2 ? atoi(argv[2]) : 1;
    if (pages == 0 || threads < 1 || threads > MAX_THREADS) {
        fprintf(stderr, "usage: memwork MEBIBYTES THREADS\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    uint64_t *memory = allocate(pages * 4096);
    uint32_t *versions = allocate(pages * sizeof *versions);
    for (int i = 0; i < threads; i++) {
        struct share *share = &shares[i];
        share->first = pages * i / threads;
        share->count = pages * (i + 1) / threads - share->first;
        share->pages = memory + share->first * WORDS;
        share->versions = versions + share->first;
        if (pthread_create(&share->thread, NULL, work, share)) {
            perror("MEMWORK: thread");
            return 2;
        }
    }
    printf("MEMWORK START pages %llu threads %d\n", (unsigned long long)pages, threads);
    for (;;) {
        sleep(1);
        uint64_t passes = UINT64_MAX, checked = 0;
        for (int i = 0; i < threads; i++) {
            passes = shares[i].passes < passes ? shares[i].passes : passes;
            checked += shares[i].checked;
        }
        printf("MEMWORK OK pass %llu pages %llu\n", (unsigned long long)passes, (unsigned long long)checked);
    }
}
