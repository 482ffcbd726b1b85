"""A program is started on midpool, and its reports are collected."""
