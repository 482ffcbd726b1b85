/* export.h - marks a function that exports.map lists. */
#ifndef MIDPOOL_INTERPOSE_EXPORT_H
#define MIDPOOL_INTERPOSE_EXPORT_H

#define EXPORT __attribute__((visibility("default")))

#endif
