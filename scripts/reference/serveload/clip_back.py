"""Starts clip-retrieval's own back end over the embeddings that serveload kept.

    python3 -m venv /tmp/clip && /tmp/clip/bin/pip install --no-deps clip-retrieval==2.45.0
    /tmp/clip/bin/pip install faiss-cpu 'numpy<2' 'pandas<3' 'pyarrow<16' flask flask-restful \\
        'flask-cors<5' fire fsspec h5py tqdm prometheus-client pillow
    serveload --db /tmp/load --fill 100000 --vectors /tmp/load.f32
    /tmp/clip/bin/python clip_back.py /tmp/load.f32 100000 /tmp/clip-index 1234
    serveload --ask http://127.0.0.1:1234 --how knn --vectors /tmp/load.f32

Its index (FAISS IndexFlatIP), its metadata (as arrow, the faster of its two forms) and its
service are its own. Only the CLIP model is left out, and PyTorch with it: questions come as
embeddings, so that no model is asked.
"""

import importlib.util
import json
import logging
import pathlib
import sys
import types

import faiss
import numpy as np
import pyarrow as pa

vectors, count, folder, port = sys.argv[1], int(sys.argv[2]), pathlib.Path(sys.argv[3]), int(sys.argv[4])

rows = np.fromfile(vectors, dtype="<f4").reshape(count, -1)
index = faiss.IndexFlatIP(rows.shape[1])
index.add(rows)
(folder / "metadata").mkdir(parents=True, exist_ok=True)
faiss.write_index(index, str(folder / "image.index"))
table = pa.table({"url": [f"/synthetic/{i // 1000:03d}/{i:07d}.jpg" for i in range(count)], "caption": [""] * count})
with pa.OSFile(str(folder / "metadata" / "0.arrow"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
    writer.write_table(table)
(folder / "indices.json").write_text(json.dumps({"load": str(folder)}))

torch = types.ModuleType("torch")
torch.cuda = types.SimpleNamespace(is_available=lambda: False)
all_clip = types.ModuleType("all_clip")
all_clip.load_clip = lambda *args, **kwargs: (None, None, None)
# Of the package the back end alone is loaded, without the parts that make embeddings.
package = types.ModuleType("clip_retrieval")
package.__path__ = importlib.util.find_spec("clip_retrieval").submodule_search_locations
sys.modules.update({"torch": torch, "all_clip": all_clip, "clip_retrieval": package})

from clip_retrieval import clip_back  # noqa: E402  after the modules that stand in

logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for each request
clip_back.clip_back(
    indices_paths=str(folder / "indices.json"), port=port, columns_to_return=["url", "caption"], use_arrow=True,
    enable_mclip_option=False, provide_safety_model=False, provide_violence_detector=False, provide_aesthetic_embeddings=False,
)
