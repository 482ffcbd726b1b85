/*
 * atomic.h - turns the atomic operations of what is included after it into
 * steps of explore.h. Include it after all system headers.
 */
#ifndef MIDPOOL_TESTS_MODEL_ATOMIC_H
#define MIDPOOL_TESTS_MODEL_ATOMIC_H

#include <stdatomic.h>

#include "explore.h"

#define EXPLORE_SITE ((struct explore_site){__FILE__, __LINE__})
#define EXPLORE_VALUE(at) __typeof__((void)0, *(at))

#define __atomic_load_n(at, order)                                             \
    ((EXPLORE_VALUE(at))explore_load((at), sizeof(*(at)), (order),             \
                                     EXPLORE_SITE))
#define __atomic_store_n(at, value, order)                                     \
    explore_store((at), sizeof(*(at)), (uint64_t)(value), (order), EXPLORE_SITE)
#define __atomic_exchange_n(at, value, order)                                  \
    ((EXPLORE_VALUE(at))explore_exchange(                                      \
        (at), sizeof(*(at)), (uint64_t)(value), (order), EXPLORE_SITE))
#define __atomic_fetch_add(at, value, order)                                   \
    __extension__({                                                            \
        uint64_t before_ = explore_add((at), sizeof(*(at)), (uint64_t)(value), \
                                       (order), EXPLORE_SITE);                 \
        (EXPLORE_VALUE(at)) before_;                                           \
    })
#define __atomic_compare_exchange_n(at, expected, value, weak, order, if_not)  \
    __extension__({                                                            \
        uint64_t expected_ = (uint64_t) * (expected);                          \
        bool same_ = explore_compare((at), sizeof(*(at)), &expected_,          \
                                     (uint64_t)(value), (order), (if_not),     \
                                     EXPLORE_SITE);                            \
        *(expected) = (EXPLORE_VALUE(at))expected_;                            \
        same_;                                                                 \
    })
#define __atomic_thread_fence(order) explore_fence((order), EXPLORE_SITE)

#undef atomic_load
#undef atomic_load_explicit
#undef atomic_store
#undef atomic_store_explicit
#undef atomic_exchange
#undef atomic_exchange_explicit
#undef atomic_fetch_add_explicit
#undef atomic_fetch_sub_explicit
#undef atomic_compare_exchange_weak
#undef atomic_compare_exchange_weak_explicit
#undef atomic_compare_exchange_strong_explicit

#define atomic_load_explicit(at, order) __atomic_load_n(at, order)
#define atomic_load(at) __atomic_load_n(at, __ATOMIC_SEQ_CST)
#define atomic_store_explicit(at, value, order)                                \
    __atomic_store_n(at, value, order)
#define atomic_store(at, value) __atomic_store_n(at, value, __ATOMIC_SEQ_CST)
#define atomic_exchange_explicit(at, value, order)                             \
    __atomic_exchange_n(at, value, order)
#define atomic_exchange(at, value)                                             \
    __atomic_exchange_n(at, value, __ATOMIC_SEQ_CST)
#define atomic_fetch_add_explicit(at, value, order)                            \
    __atomic_fetch_add(at, value, order)
#define atomic_fetch_sub_explicit(at, value, order)                            \
    __atomic_fetch_add(at, -(value), order)
#define atomic_compare_exchange_strong_explicit(at, expected, value, order,    \
                                                if_not)                        \
    __atomic_compare_exchange_n(at, expected, value, false, order, if_not)
#define atomic_compare_exchange_weak_explicit(at, expected, value, order,      \
                                              if_not)                          \
    __atomic_compare_exchange_n(at, expected, value, true, order, if_not)
#define atomic_compare_exchange_weak(at, expected, value)                      \
    __atomic_compare_exchange_n(at, expected, value, true, __ATOMIC_SEQ_CST,   \
                                __ATOMIC_SEQ_CST)

#endif
