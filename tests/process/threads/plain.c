/*
 * plain.c - a program that uses the allocator a little and exits.
 */
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "churn.h"

static void *
run(void *argument)
{
    churn_all_sizes(2);
    return argument;
}

int
main(int argc, char **argv)
{
    for (unsigned i = 0; i < 5; i++)
        churn_all_sizes(i);
    pthread_join(check_spawn(run, NULL), NULL);
    FILE *file = fopen("/proc/self/maps", "r");
    CHECK(file != NULL, "maps");
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, file) > 0)
        ;
    free(line);
    fclose(file);
    printf("done %d %s\n", argc, argc > 1 ? argv[1] : "");
    return argc > 2 ? atoi(argv[2]) : 0;
}
