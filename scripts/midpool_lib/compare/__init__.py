"""Profiles are compared: is a difference larger than the noise?"""
