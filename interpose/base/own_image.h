/*
 * own_image.h - is an address within this library's own image?
 *
 * The linker names the image's ends; no look-up at run time.
 */
#ifndef MIDPOOL_INTERPOSE_OWN_IMAGE_H
#define MIDPOOL_INTERPOSE_OWN_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

extern const char __ehdr_start[] __attribute__((visibility("hidden")));
extern const char _end[] __attribute__((visibility("hidden")));

static inline bool
own_image_holds(uintptr_t address)
{
    return address >= (uintptr_t)__ehdr_start && address < (uintptr_t)_end;
}

#endif
