/*
 * exit_destructors.cc - allocation while a thread ends.
 *
 * glibc runs C++ thread_local destructors first, then those of pthread keys
 * in up to four rounds, then frees its own per-thread buffers. Blocks are
 * allocated and freed in each of these, by keys made first and last, and
 * some are left for the main thread.
 */
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <pthread.h>
#include <string>
#include <vector>

extern "C" {
#include "check.h"
#include "churn.h"
}

namespace
{

enum { THREADS = 400 };

pthread_key_t first_key, last_key;
std::atomic<int> ran{0};
struct churn_block left[3 * THREADS];
std::atomic<unsigned> lefts{0};

void
leave(unsigned seed)
{
    left[lefts.fetch_add(1)] = churn_take(2048u << (seed % 6), seed);
    churn_all_sizes(seed);
}

struct local {
    std::vector<std::string> strings;
    ~local()
    {
        std::vector<std::string> copy = strings;
        copy.push_back(std::string(9000, 'x'));
        ran++;
        leave(static_cast<unsigned>(copy.size()));
    }
};

thread_local local mine;

void
destroy(void *value)
{
    std::uintptr_t rounds = reinterpret_cast<std::uintptr_t>(value);
    churn_all_sizes(static_cast<unsigned>(rounds));
    if (rounds == 1)
        leave(static_cast<unsigned>(rounds));
    else
        pthread_setspecific(first_key, reinterpret_cast<void *>(rounds - 1));
    ran++;
}

void
destroy_last(void *value)
{
    struct churn_block *block = static_cast<struct churn_block *>(value);
    churn_drop(block);
    delete block;
    leave(2);
    ran++;
}

void *
run(void *argument)
{
    mine.strings.resize(50, std::string(300, 'y'));
    pthread_setspecific(first_key, reinterpret_cast<void *>(4));
    pthread_setspecific(last_key, new churn_block(churn_take(30000, 8)));
    /* glibc keeps a buffer for this and frees it after all destructors. */
    char *unknown = strerror(12345);
    CHECK(std::strlen(unknown) > 5, "%s", unknown);
    return argument;
}

} // namespace

int
main()
{
    pthread_key_create(&first_key, destroy);
    for (int i = 0; i < 40; i++) {
        pthread_key_t unused;
        pthread_key_create(&unused, nullptr);
    }
    pthread_key_create(&last_key, destroy_last);
    for (int i = 0; i < THREADS; i += 8) {
        pthread_t thread[8];
        for (pthread_t &one : thread)
            one = check_spawn(run, nullptr);
        for (pthread_t &one : thread)
            pthread_join(one, nullptr);
    }
    CHECK(ran == THREADS * 6, "%d destructors ran", ran.load());
    CHECK(lefts == 3 * THREADS, "%u blocks", lefts.load());
    for (struct churn_block &block : left)
        churn_drop(&block);
    return 0;
}
