/*
 * cxx.cc - C++ new and delete as a C++ program sees them.
 *
 * new throws std::bad_alloc that the program can catch, calls the
 * new-handler until that gives up, nothrow forms give a null pointer, all
 * forms pair with their deletes, and what the library's own containers and
 * exceptions do in between works.
 */
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <malloc.h>
#include <memory>
#include <new>
#include <string>
#include <vector>

extern "C" {
#include "check.h"
}

namespace
{

int handler_calls;

void
handler_gives_up()
{
    if (++handler_calls == 3)
        std::set_new_handler(nullptr);
}

void
handler_throws()
{
    handler_calls++;
    throw std::bad_alloc();
}

std::size_t
impossible()
{
    return check_opaque(PTRDIFF_MAX);
}

template <typename Call>
bool
throws_bad_alloc(Call call)
{
    try {
        call();
    } catch (const std::bad_alloc &caught) {
        return std::string(caught.what()) == "std::bad_alloc";
    }
    return false;
}

void
check_failure()
{
    std::align_val_t align{256};
    CHECK(throws_bad_alloc(
              [] { ::operator delete(::operator new(impossible())); }),
          "new");
    CHECK(throws_bad_alloc(
              [] { ::operator delete[](::operator new[](impossible())); }),
          "new[]");
    CHECK(throws_bad_alloc([=] {
              ::operator delete(::operator new(impossible(), align), align);
          }),
          "aligned new");
    CHECK(throws_bad_alloc([=] {
              ::operator delete[](::operator new[](impossible(), align), align);
          }),
          "aligned new[]");
    CHECK(!::operator new(impossible(), std::nothrow), "nothrow new");
    CHECK(!::operator new[](impossible(), std::nothrow), "nothrow new[]");
    CHECK(!::operator new(impossible(), align, std::nothrow), "nothrow");
    CHECK(!::operator new[](impossible(), align, std::nothrow), "nothrow");
}

void
check_handler()
{
    handler_calls = 0;
    std::set_new_handler(handler_gives_up);
    CHECK(throws_bad_alloc(
              [] { ::operator delete(::operator new(impossible())); }),
          "new");
    CHECK(handler_calls == 3, "%d calls of the new-handler", handler_calls);

    handler_calls = 0;
    std::set_new_handler(handler_throws);
    CHECK(throws_bad_alloc(
              [] { ::operator delete(::operator new(impossible())); }),
          "new");
    CHECK(handler_calls == 1, "%d calls of the new-handler", handler_calls);
    CHECK(!::operator new(impossible(), std::nothrow), "nothrow new");
    CHECK(handler_calls == 2, "nothrow new does not ask the new-handler");
    CHECK(throws_bad_alloc([] {
              ::operator delete (
                  ::operator new (impossible(), std::align_val_t{64}),
                  std::align_val_t{64});
          }),
          "aligned new");
    CHECK(handler_calls == 3, "aligned new does not ask the new-handler");
    std::set_new_handler(nullptr);
}

struct alignas(512) wide {
    char bytes[4096 + 512];
};

struct plain {
    char bytes[5000];
    virtual ~plain() = default;
};

struct derived : plain {
    char more[9000];
};

void
check_objects()
{
    for (int round = 0; round < 300; round++) {
        std::unique_ptr<wide> one(new wide);
        std::unique_ptr<wide[]> many(new wide[7]);
        CHECK(reinterpret_cast<std::uintptr_t>(one.get()) % 512 == 0, "new");
        CHECK(reinterpret_cast<std::uintptr_t>(many.get()) % 512 == 0, "new");
        /* Deleted through its base: the size comes from the destructor. */
        std::unique_ptr<plain> object(new derived);
        std::vector<std::string> strings;
        for (int i = 0; i < 50; i++)
            strings.push_back(
                std::string(static_cast<std::size_t>(i) * 311, 'x'));
        for (int i = 0; i < 50; i++)
            CHECK(strings[static_cast<std::size_t>(i)].size() ==
                      static_cast<std::size_t>(i) * 311,
                  "string %d", i);
    }
}

struct fails_in_constructor {
    char bytes[3000];
    fails_in_constructor()
    {
        throw 42;
    }
};

/* A constructor that throws: the memory goes back by itself. */
void
check_constructor_throws()
{
    std::size_t before = check_rss_bytes();
    for (int i = 0; i < 20000; i++) {
        try {
            std::unique_ptr<fails_in_constructor> never(
                new fails_in_constructor);
        } catch (int) {
            continue;
        }
        CHECK(false, "the constructor did not throw");
    }
    CHECK(check_rss_bytes() < before + (32u << 20), "leak");
}

} // namespace

int
main()
{
    check_failure();
    check_handler();
    check_objects();
    check_constructor_throws();
    void *zero = ::operator new(0);
    CHECK(zero != nullptr, "new of nothing");
    ::operator delete(zero);
    ::operator delete(nullptr);
    return 0;
}
