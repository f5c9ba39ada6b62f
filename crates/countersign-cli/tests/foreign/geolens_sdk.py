"""The vendor's own SDK for Python, as it is published: part of `geolens_dialect.py`, which says how
to run.

What it gives back are its own models, so whatever they cannot do without is there.
"""

import uuid

import httpx
from geolens import AuthenticatedClient
from geolens.api.admin import get_job_status_jobs_job_id_get as job_status
from geolens.api.datasets import (
    commit_import_ingest_commit_job_id_post as ingest_commit,
    complete_presigned_upload_ingest_upload_presigned_job_id_complete_post as ingest_complete,
    create_empty_dataset_endpoint_datasets_create_post as create_dataset,
    list_all_datasets_datasets_get as list_datasets,
    request_presigned_upload_ingest_upload_presigned_post as ingest_begin)
from geolens.api.datasets_reupload import (
    complete_presigned_reupload_datasets_dataset_id_reupload_presigned_job_id_complete_post as
    complete,
    request_presigned_reupload_datasets_dataset_id_reupload_presigned_post as begin,
    reupload_commit_datasets_dataset_id_reupload_job_id_commit_post as commit)
from geolens.models import (
    ColumnDefinition, CommitRequest, CreateEmptyDatasetRequest, PresignedCompleteRequest,
    PresignedPartInfo, PresignedUploadRequest, ProblemDetail, ReuploadCommitRequest)

from geolens_client import COMPLETED, CSV, PROCESSED, SINGLE_MAX
from powerdrill_client import Powerdrill, text_of
from server import SIGNATURE, sha256, signatures_seen

TYPES = ["text", "integer", "float", "date", "boolean"]


def client_of(server, key):
    """The SDK, with nothing of this machine's environment, such as a proxy."""
    return AuthenticatedClient(
        base_url=f"{server.url}/api", token=key, httpx_args={"trust_env": False})


class Sdk:
    def __init__(self, server, pair, tally):
        self.client = client_of(server, pair["api_key"])
        self.storage = httpx.Client(trust_env=False, timeout=60)
        self.powerdrill = Powerdrill(server.url, pair["api_key"], pair["user_id"])
        self.tally = tally

    def check(self, is_right, *what):
        self.tally.check("calls of the SDK", is_right, *what)

    def parsed(self, status, operation, *arguments, **options):
        """What the SDK makes of an answer."""
        answer = operation.sync_detailed(*arguments, client=self.client, **options)
        signatures_seen.update(SIGNATURE.findall(answer.content.decode()))
        is_right = answer.status_code == status and answer.parsed is not None
        self.check(is_right, operation.__name__, arguments, answer.status_code, answer.content)
        is_refusal = isinstance(answer.parsed, ProblemDetail)
        self.check(is_refusal == (status >= 400), operation.__name__, answer.parsed)
        return answer.parsed

    def refused(self, status, detail, operation, *arguments, **options):
        problem = self.parsed(status, operation, *arguments, **options)
        is_right = (problem.status, problem.detail) == (status, detail)
        self.check(is_right and not problem.additional_properties, problem)

    def dataset(self, title):
        columns = [ColumnDefinition(name=f"a_{kind}", type_=kind) for kind in TYPES]
        asked = CreateEmptyDatasetRequest(title=title, columns=columns)
        made = self.parsed(201, create_dataset, body=asked)
        is_right = (made.title, made.current_version, made.source_filename) == (title, 0, None)
        self.check(is_right, made)
        kinds = [(it.name, it.type_) for it in made.column_info]
        self.check(kinds == [(f"a_{kind}", kind) for kind in TYPES], kinds)
        found = self.parsed(200, list_datasets, skip=0, limit=1)
        is_right = found.total >= 1 and [it.id for it in found.datasets] == [made.id]
        # A list is of datasets without their columns.
        made.column_info = found.datasets[0].column_info
        self.check(is_right and found.datasets[0] == made, found)
        return made.id

    def put(self, url, body, headers=()):
        answer = self.storage.put(url, content=body, headers=dict(headers))
        self.check(answer.status_code == 200, answer, answer.content)
        return answer.headers["ETag"]

    def upload(self, begun, body):
        """All bytes of a job, as the SDK was told to send them; what completing it takes."""
        if begun.part_size is None:
            self.put(begun.urls[0], body, {"Content-Type": CSV})
            return PresignedCompleteRequest()
        parts = []
        for number, url in enumerate(begun.urls, 1):
            part = body[(number - 1) * begun.part_size:number * begun.part_size]
            parts.append(PresignedPartInfo(etag=self.put(url, part), part_number=number))
        return PresignedCompleteRequest(parts=parts)

    def await_job(self, job, status, dataset):
        found = self.parsed(200, job_status, job)
        is_right = (found.id, found.status, found.dataset_id) == (job, status, dataset)
        self.check(is_right and not found.can_retry and found.warnings == [], found)
        self.check((found.completed_at is None) == (status == "pending"), found)

    def reupload(self, dataset, name, body, version):
        asked = PresignedUploadRequest(filename=name, file_size=len(body), content_type=CSV)
        begun = self.parsed(201, begin, dataset, body=asked)
        sent = self.upload(begun, body)
        self.await_job(begun.job_id, "pending", dataset)
        told = self.parsed(200, complete, dataset, begun.job_id, body=sent)
        self.check((told.job_id, told.status) == (begun.job_id, "pending"), told)
        self.refused(400, COMPLETED, complete, dataset, begun.job_id, body=sent)
        told = self.parsed(202, commit, dataset, begun.job_id, body=ReuploadCommitRequest())
        self.check(told.job_id == begun.job_id, told)
        self.await_job(begun.job_id, "complete", dataset)
        self.refused(400, PROCESSED, commit, dataset, begun.job_id, body=ReuploadCommitRequest())
        self.is_current(dataset, name, body, version)
        return begun

    def ingest(self, title, name, body):
        asked = PresignedUploadRequest(filename=name, file_size=len(body), content_type=CSV)
        begun = self.parsed(201, ingest_begin, body=asked)
        self.parsed(200, ingest_complete, begun.job_id, body=self.upload(begun, body))
        # It asks for `private`, unless it is told otherwise.
        asked = CommitRequest(title=title)
        told = self.parsed(202, ingest_commit, begun.job_id, body=asked)
        self.check(told.job_id == begun.job_id, told)
        dataset = self.parsed(200, job_status, begun.job_id).dataset_id
        self.await_job(begun.job_id, "complete", dataset)
        self.is_current(dataset, name, body, 1)

    def is_current(self, dataset, name, body, version):
        found = self.parsed(200, list_datasets, skip=0, limit=200)
        mine, = [it for it in found.datasets if it.id == dataset]
        self.check((mine.current_version, mine.source_filename) == (version, name), mine)
        newest = self.powerdrill.records(f"dataset-{dataset}")[0]
        self.check((newest["name"], newest["size"]) == (name, len(body)), newest)
        is_same = sha256(self.powerdrill.download(newest).body) == sha256(body)
        self.check(is_same, name, "came back as another")

    def refusals(self, server, dataset, begun):
        """The SDK reads errors of all kinds: a text, or a list."""
        nobody, asked = uuid.uuid4(), PresignedUploadRequest(filename="a.csv", file_size=1)
        done = PresignedCompleteRequest()
        self.refused(404, "Dataset not found", begin, nobody, body=asked)
        self.refused(404, "Reupload job not found", complete, dataset, nobody, body=done)
        self.refused(404, "Job not found", ingest_complete, nobody, body=done)
        self.refused(404, "Job not found", job_status, nobody)
        self.refused(404, "Reupload job not found", commit, dataset, nobody,
                     body=ReuploadCommitRequest())
        for wrong, fields in [
            (PresignedUploadRequest(filename="a/b.csv", file_size=0), ["filename", "file_size"]),
            (PresignedUploadRequest(filename="a.csv", file_size=1, content_type="x"),
             ["content_type"]),
        ]:
            problem = self.parsed(422, begin, dataset, body=wrong)
            found = [it["loc"] for it in problem.detail]
            self.check(found == [["body", field] for field in fields], problem)
        exe = PresignedUploadRequest(filename="a.exe", file_size=1)
        problem = self.parsed(422, begin, dataset, body=exe)
        self.check(problem.detail.startswith("File extension '.exe' not allowed."), problem)
        problem = self.parsed(422, commit, dataset, begun.job_id,
                              body=ReuploadCommitRequest(srid_override=4326))
        self.check(problem.detail[0]["loc"] == ["body", "srid_override"], problem)
        self.client = client_of(server, "csk_" + "0" * 48)
        self.refused(401, "Could not validate credentials", list_datasets)


def run(server, pair, body, seed, tally):
    sdk = Sdk(server, pair, tally)
    dataset = sdk.dataset("Made by the SDK")
    begun = sdk.reupload(dataset, "small.csv", text_of(seed, 54_321), 1)
    # The last part has one byte.
    sdk.reupload(dataset, "parts.csv", body[:SINGLE_MAX + 1], 2)
    sdk.ingest("Brought by the SDK", "new.csv", text_of(seed + 1, 1))
    sdk.refusals(server, dataset, begun)
