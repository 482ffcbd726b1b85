#!/bin/sh
# Makes one relocatable object of jemalloc that can live inside libmidpool.so:
#
#   backend_embed.sh libjemalloc_pic.a OUTPUT.o SCRATCH_DIR
#
# - what it defines as malloc, free, ... becomes je_malloc, je_free, ...;
#   everything that backend_je.h does not name becomes local;
# - what it takes from libc and midpool must own becomes backend_je_*, defined
#   in backend_*.c (the list below says why);
# - the C++ operators are left out: midpool has its own, in C.
set -eu

archive=$1
output=$2
scratch=$3

# taken over       because
# pthread_atfork   midpool runs jemalloc's fork handlers, in its own order
# pthread_mutex_*  a lock that knows its owner, see backend_mutex.c
# mmap munmap sbrk from one reservation, so that ownership is a comparison
# dlsym            allocates
# atexit           allocates
# exp log round    would need libm.so in every process
owned='pthread_atfork pthread_mutex_init pthread_mutex_lock
pthread_mutex_trylock pthread_mutex_unlock mmap munmap sbrk dlsym atexit
exp log round'

# The names of jemalloc's API that backend_je.h declares.
api='je_malloc je_calloc je_realloc je_free je_aligned_alloc je_mallocx
je_rallocx je_nallocx je_malloc_usable_size je_mallctl je_malloc_conf
je_malloc_stats_print je_jemalloc_prefork je_jemalloc_postfork_parent
je_jemalloc_postfork_child'

rm -rf "$scratch"
mkdir -p "$scratch"
archive=$(realpath "$archive")
output=$(realpath "$output")
cd "$scratch"

ar x "$archive"
rm -f jemalloc_cpp*.o
ld -r -o all.o ./*.o

nm --defined-only --extern-only all.o |
    awk '$3 !~ /^je_/ { print $3, "je_" $3 }' >renames
for name in $owned; do
    echo "$name backend_je_$name" >>renames
done
for name in $api; do echo "$name"; done >keep
objcopy --redefine-syms=renames all.o renamed.o
objcopy --keep-global-symbols=keep renamed.o "$output"
rm -f ./*.o
