/*
 * late.cc - C++ statics and atexit handlers free 100,000 blocks at the end.
 *
 * What they free, and what they allocate while they do, comes after every
 * destructor that ran before them: the allocator must be there until the
 * last instruction.
 */
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

extern "C" {
#include "check.h"
#include "early.h"
}

namespace
{

struct holder {
    std::vector<std::string> strings;
    std::map<int, std::vector<char>> tree;
    explicit holder(int count)
    {
        for (int i = 0; i < count; i++)
            strings.push_back(
                std::string(static_cast<std::size_t>(i) % 9000, 's'));
        for (int i = 0; i < 2000; i++)
            tree[i].resize(static_cast<std::size_t>(i) * 20);
    }
    ~holder()
    {
        std::vector<std::string> more;
        for (std::size_t i = 0; i < strings.size(); i += 100)
            more.push_back(strings[i] + std::string(3000, 'd'));
        CHECK(strings[100].size() == 100, "contents");
    }
};

holder first(50000);
std::vector<void *> loose;

void
free_loose()
{
    for (void *block : loose)
        free(block);
    loose.clear();
    holder inside(3000);
}

} // namespace

int
main()
{
    CHECK(early_count() == EARLY_BLOCKS, "blocks of the early constructor");
    static holder local(1000);
    for (int i = 0; i < 20000; i++)
        loose.push_back(malloc(static_cast<std::size_t>(i) % 7000));
    atexit(free_loose);
    holder *leaked = new holder(100);
    CHECK(leaked->strings.size() == 100, "contents");
    exit(0);
}
