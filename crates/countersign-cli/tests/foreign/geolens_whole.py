"""The rest of the vendor's own SDK for Python, unchanged and with its defaults: forms, previews,
commits, versions, changes, downloads, deletions. Part of `geolens_dialect.py`, which says how to run.
"""

import io
import uuid

import httpx
from geolens.api.admin import (
    get_job_status_by_dataset_jobs_by_dataset_dataset_id_get as job_of_dataset,
    retry_job_jobs_job_id_retry_post as retry)
from geolens.api.auth import (
    create_download_token_endpoint_auth_download_token_dataset_id_post as download_token,
    login_auth_login_post as login, me_usage_auth_me_usage_get as usage)
from geolens.api.datasets import (
    delete_dataset_endpoint_datasets_dataset_id_delete as delete,
    get_single_dataset_datasets_dataset_id_get as read,
    get_upload_config_ingest_upload_config_get as config,
    preview_file_ingest_preview_job_id_post as ingest_preview,
    update_dataset_metadata_datasets_dataset_id_patch as change,
    upload_file_ingest_upload_post as ingest_upload)
from geolens.api.datasets_export import download_cog_datasets_dataset_id_download_cog_get as download
from geolens.api.datasets_metadata import (
    get_dataset_versions_endpoint_datasets_dataset_id_versions_get as versions)
from geolens.api.datasets_reupload import (
    reupload_dataset_datasets_dataset_id_reupload_post as reupload,
    reupload_preview_datasets_dataset_id_reupload_job_id_preview_post as preview)
from geolens.models import (
    BodyLoginAuthLoginPost, BodyReuploadDatasetDatasetsDatasetIdReuploadPost as ReuploadForm,
    BodyUploadFileIngestUploadPost as UploadForm, CommitRequest, DatasetDeleteRequest, DatasetMeta,
    ReuploadCommitRequest, ReuploadPreviewRequest)
from geolens.types import File

from geolens_client import CSV, PROCESSED
from geolens_sdk import Sdk, commit, ingest_commit, job_status
from server import MIB, SIGNATURE, sha256, signatures_seen

FIRST = b"name,people,since\nA,1,2026-11-22\nB,2,\n"
SECOND = b"name,people,km\nA,1.5,1\nB,2,2\nC,3,3\n"
TOLD = "Ingestion queued. The dataset is internal: its whole team reads it, and nobody else."
NOT_HERE = "Not provided here: this server keeps the files of datasets and their versions."
NO_PREVIEW = ("Unable to preview file: there is no preview of this format. The job may be committed "
              "without one.")


def file_of(name, body):
    return File(payload=io.BytesIO(body), file_name=name, mime_type=CSV)


class Whole(Sdk):
    """The calls of the SDK that the flow of the document has no use for."""

    def __init__(self, server, pair, tally):
        super().__init__(server, pair, tally)
        self.base, self.tokens = f"{server.url}/api", []

    def configuration(self):
        told = self.parsed(200, config)
        is_right = told.presigned_uploads and told.presigned_threshold_bytes == 100 * MIB
        is_right = is_right and told.max_file_size_bytes == 500 * MIB
        extensions = told.allowed_extensions.split(",")
        is_right = is_right and {".csv", ".tsv", ".geojson", ".parquet"} <= set(extensions)
        self.check(is_right and told.remaining_dataset_quota is None, told)
        used = self.parsed(200, usage)
        self.check((used.storage_cap, used.count_cap) == (0, 0), used)
        return used

    def ingest_form(self):
        """A file by a form, looked at, and committed as the SDK does when it is told nothing."""
        body = UploadForm(file=file_of("Städte 2026.csv", FIRST))
        job = self.parsed(201, ingest_upload, body=body).job_id
        found = self.parsed(200, ingest_preview, job)
        columns = [(it.name, it.type_) for it in found.columns]
        self.check(columns == [("name", "text"), ("people", "integer"), ("since", "date")], columns)
        rows = [it.additional_properties for it in found.sample_rows]
        expected = [{"name": "A", "people": 1, "since": "2026-11-22"},
                    {"name": "B", "people": 2, "since": None}]
        self.check(rows == expected and found.feature_count == 2, rows)
        is_right = (found.crs, found.geometry_type, found.layer_name) == (None, None, "Städte 2026")
        self.check(is_right and found.source_filename == "Städte 2026.csv", found)
        told = self.parsed(202, ingest_commit, job, body=CommitRequest(title="Cities"))
        self.check(told.message == TOLD, told)
        self.refused(400, PROCESSED, ingest_preview, job)
        dataset = self.parsed(200, job_status, job).dataset_id
        self.is_current(dataset, "Städte 2026.csv", FIRST, 1)
        return dataset, job

    def reupload_form(self, dataset):
        form = ReuploadForm(file=file_of("b.csv", SECOND))
        job = self.parsed(201, reupload, dataset, body=form).job_id
        newest = self.parsed(200, job_of_dataset, dataset)
        self.check((newest.id, newest.status) == (job, "pending"), newest)
        for asked in (ReuploadPreviewRequest(), None):
            found = self.parsed(200, preview, dataset, job, body=asked)
            diff = found.schema_diff
            self.check([it.name for it in diff.columns_added] == ["km"], diff)
            self.check([it.name for it in diff.columns_removed] == ["since"], diff)
            changes = [(it.name, it.old_type, it.new_type) for it in diff.type_changes]
            self.check(changes == [("people", "integer", "float")], diff)
            counts = (diff.row_count_old, diff.row_count_new, diff.row_count_delta)
            self.check(counts == (2, 3, 1), diff)
        told = self.parsed(202, commit, dataset, job, body=ReuploadCommitRequest())
        self.check(told.job_id == job, told)
        self.is_current(dataset, "b.csv", SECOND, 2)
        listed = self.parsed(200, versions, dataset)
        found = [(it.version_number, it.source_filename) for it in listed.versions]
        self.check(found == [(2, "b.csv"), (1, "Städte 2026.csv")] and listed.total == 2, listed)
        listed = self.parsed(200, versions, dataset, skip=1, limit=1)
        self.check([it.version_number for it in listed.versions] == [1], listed)

    def changed(self, dataset):
        before = self.parsed(200, read, dataset)
        made = self.parsed(200, change, dataset, body=DatasetMeta(title="Städte", summary="All"))
        self.check((made.title, made.summary) == ("Städte", "All"), made)
        self.check(made.updated_at >= before.updated_at, made)
        self.check(self.parsed(200, read, dataset) == made, made)
        wrong = DatasetMeta(visibility="public", owner_org="x")
        problem = self.parsed(422, change, dataset, body=wrong)
        fields = {it["loc"][1] for it in problem.detail}
        self.check(fields == {"visibility", "owner_org"}, problem)

    def downloaded(self, dataset, body):
        """By the key, and by a link that anybody may follow for two minutes."""
        answer = download.sync_detailed(dataset, client=self.client)
        signatures_seen.update(SIGNATURE.findall(answer.headers["location"]))
        self.check(answer.status_code == 302, answer)
        self.check(sha256(self.storage.get(answer.headers["location"]).content) == sha256(body))
        token = self.parsed(200, download_token, dataset)
        self.check(token.expires_in == 120, token.expires_in)
        self.tokens.append(token.token)
        link = f"{self.base}/datasets/{dataset}/download/cog"
        with httpx.Client(trust_env=False, follow_redirects=True) as anybody:
            for method in ("GET", "HEAD"):
                found = anybody.request(method, link, params={"token": token.token})
                signatures_seen.update(SIGNATURE.findall(str(found.url)))
                self.check(found.status_code == 200, method, found, found.content)
                self.check(int(found.headers["content-length"]) == len(body), found.headers)
                is_whole = method == "HEAD" or found.content == body
                self.check(is_whole, method, "came back as another")
            for wrong in ({}, {"token": token.token[:-1] + "x"}, {"token": ""}):
                self.check(anybody.get(link, params=wrong).status_code == 401, wrong)
            other = f"{self.base}/datasets/{uuid.uuid4()}/download/cog"
            found = anybody.get(other, params={"token": token.token})
            self.check(found.status_code == 401, found)

    def refusals(self, dataset, job):
        self.refused(400, "Only failed jobs can be retried", retry, job)
        self.refused(404, "Job not found", retry, uuid.uuid4())
        zipped = UploadForm(file=file_of("a.zip", b"PK\x03\x04"))
        other = self.parsed(201, ingest_upload, body=zipped).job_id
        self.refused(422, NO_PREVIEW, ingest_preview, other)
        form = UploadForm(file=file_of("a.csv", b"a\0b"))
        told = "File refused: the content is not UTF-8 text."
        self.refused(422, told, ingest_upload, body=form)
        for operation in (read, versions, job_of_dataset, download_token, download):
            self.refused(404, "Dataset not found", operation, uuid.uuid4())
        who = BodyLoginAuthLoginPost(username="a", password="b")
        answer = login.sync_detailed(client=self.client, body=who)
        is_right = answer.status_code == 404 and NOT_HERE.encode() in answer.content
        self.check(is_right, answer)
        wrong = DatasetDeleteRequest(confirm_title="Cities")
        told = "Dataset title does not match confirmation"
        self.refused(400, told, delete, dataset, body=wrong)

    def deleted(self, dataset, job):
        before = self.parsed(200, usage)
        right = DatasetDeleteRequest(confirm_title="Städte")
        answer = delete.sync_detailed(dataset, client=self.client, body=right)
        self.check((answer.status_code, answer.content) == (204, b""), answer)
        self.refused(404, "Dataset not found", delete, dataset, body=right)
        self.refused(404, "Dataset not found", read, dataset)
        self.refused(404, "Job not found", job_status, job)
        after = self.parsed(200, usage)
        freed = before.bytes_used - after.bytes_used
        self.check(freed == len(FIRST) + len(SECOND), before, after)
        self.check(before.dataset_count - after.dataset_count == 1, before, after)


def run(server, pair, tally):
    """The secrets that were handed out, for whoever looks for them in a log."""
    whole = Whole(server, pair, tally)
    whole.configuration()
    dataset, job = whole.ingest_form()
    whole.reupload_form(dataset)
    whole.changed(dataset)
    whole.downloaded(dataset, SECOND)
    whole.refusals(dataset, job)
    whole.deleted(dataset, job)
    return whole.tokens
