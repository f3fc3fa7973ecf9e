#!/usr/bin/env python3
"""Indexes a folder with rclip and prints how many pictures its index holds.

This is what `rclip QUERY` does before it searches, with rclip's own defaults; the text
model is left aside, since it has no part in indexing. RCLIP_DATADIR names the models.
"""

import sys

from rclip.main import init_rclip

client, model, database = init_rclip(sys.argv[1], indexing_batch_size=8)
client.close()
model.close()
print(database._con.execute("select count(*) from images where deleted is null").fetchone()[0])
database.close()
