/*
 * big_tls.h - what big_tls.c exports, found through dlsym.
 */
#ifndef TESTS_PRELOAD_BIG_TLS_H
#define TESTS_PRELOAD_BIG_TLS_H

unsigned big_tls_use(unsigned seed);

#endif
