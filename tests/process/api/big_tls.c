/*
 * big_tls.c - a library with more dynamic TLS than a page.
 */
#include "big_tls.h"

#include <string.h>

static __thread char big[70000];
static __thread char middle[5000] = "words";

unsigned
big_tls_use(unsigned seed)
{
    memset(big, (int)seed, sizeof(big));
    middle[4999]++;
    return (unsigned char)big[seed % sizeof(big)] +
           (middle[0] == 'w' ? 1u : 0u);
}
