"""The contract's services, which do what the script says."""

import grpc
from unmix.v1 import audio_pb2, audio_pb2_grpc, jobs_pb2, jobs_pb2_grpc, models_pb2, models_pb2_grpc

from fake_daemon.messages import answers, fail
from fake_daemon.script import Script, Upload


class AudioService(audio_pb2_grpc.AudioServiceServicer):
    def __init__(self, script: Script) -> None:
        self._script = script

    def Process(self, request_iterator, context):  # noqa: N802
        context.add_callback(self._script.ended.set)
        spec = next(request_iterator).spec
        self._script.before_upload(context)
        data = b"".join(request.data for request in request_iterator)
        if spec.options.HasField("size_bytes") and spec.options.size_bytes != len(data):
            fail(
                context,
                grpc.StatusCode.INVALID_ARGUMENT,
                "The upload is incomplete.",
                reason="INVALID_REQUEST",
            )
        if spec.HasField("denoise"):
            spec, script = (
                audio_pb2.DenoiseSpec(task=spec.denoise, options=spec.options),
                self._script.denoise,
            )
        else:
            spec = audio_pb2.SeparateSpec(task=spec.separate, options=spec.options)
            script = self._script.separate
        self._script.requests.append(spec)
        for event in (script or answers)(Upload(spec, data, context)):
            yield audio_pb2.ProcessResponse(event=event)


class JobService(jobs_pb2_grpc.JobServiceServicer):
    def __init__(self, script: Script) -> None:
        self._script = script

    def SubmitJob(self, request_iterator, context):  # noqa: N802
        spec = next(request_iterator).spec
        self._script.before_upload(context)
        data = b"".join(request.data for request in request_iterator)
        self._script.requests.append(spec)
        job = jobs_pb2.Job(
            job_id=f"job-{len(self._script.jobs) + 1}",
            state=jobs_pb2.JOB_STATE_PENDING,
            denoise=spec.denoise if spec.HasField("denoise") else None,
            separate=spec.separate if spec.HasField("separate") else None,
            options=spec.options,
        )
        self._script.jobs[job.job_id] = job
        self._script.outputs[job.job_id, "upload"] = data
        return jobs_pb2.SubmitJobResponse(job=job)

    def GetJob(self, request, context):  # noqa: N802
        return jobs_pb2.GetJobResponse(job=self._job(request.job_id, context))

    def WatchJob(self, request, context):  # noqa: N802
        self._script.requests.append(request)
        sent = 0
        limit = self._script.break_streams_after.pop(0) if self._script.break_streams_after else None
        for event in self._script.job_events:
            if event.sequence <= request.after_sequence:
                continue
            if sent == limit:
                context.abort(grpc.StatusCode.UNAVAILABLE, "Socket closed")
            sent += 1
            yield event

    def ListJobs(self, request, context):  # noqa: N802
        jobs = [
            job for job in self._script.jobs.values() if not request.states or job.state in request.states
        ]
        begin = int(request.page_token or 0)
        page = jobs[begin : begin + 2]
        more = str(begin + 2) if len(jobs) > begin + 2 else ""
        return jobs_pb2.ListJobsResponse(jobs=page, next_page_token=more)

    def CancelJob(self, request, context):  # noqa: N802
        job = self._job(request.job_id, context)
        job.state = jobs_pb2.JOB_STATE_CANCELLED
        return jobs_pb2.CancelJobResponse(job=job)

    def RetryJob(self, request, context):  # noqa: N802
        job = self._job(request.job_id, context)
        job.state = jobs_pb2.JOB_STATE_PENDING
        return jobs_pb2.RetryJobResponse(job=job)

    def DeleteJob(self, request, context):  # noqa: N802
        self._job(request.job_id, context)
        del self._script.jobs[request.job_id]
        return jobs_pb2.DeleteJobResponse()

    def ReadOutput(self, request, context):  # noqa: N802
        self._script.requests.append(request)
        data = self._script.outputs[request.job_id, request.stem]
        limit = self._script.break_streams_after.pop(0) if self._script.break_streams_after else None
        for sent, begin in enumerate(range(request.offset, len(data), 5)):
            if sent == limit:
                context.abort(grpc.StatusCode.UNAVAILABLE, "Socket closed")
            yield jobs_pb2.ReadOutputResponse(offset=begin, data=data[begin : begin + 5])

    def _job(self, job_id: str, context: grpc.ServicerContext) -> jobs_pb2.Job:
        if job_id not in self._script.jobs:
            fail(
                context,
                grpc.StatusCode.NOT_FOUND,
                f"There is no job {job_id}: `unmix jobs list` shows them.",
                reason="NOT_FOUND",
            )
        return self._script.jobs[job_id]


class ModelService(models_pb2_grpc.ModelServiceServicer):
    def __init__(self, script: Script) -> None:
        self._script = script

    def ListModels(self, request, context):  # noqa: N802
        return models_pb2.ListModelsResponse(
            models=[
                model
                for model in self._script.models
                if request.task in (models_pb2.TASK_UNSPECIFIED, model.task)
                and (model.installed or not request.installed_only)
            ],
            left_out=self._script.left_out,
        )

    def PullModel(self, request, context):  # noqa: N802
        yield from self._script.pull(request.name)

    def ImportModel(self, request_iterator, context):  # noqa: N802
        name = next(request_iterator).name
        present = ""
        for request in request_iterator:
            if request.WhichOneof("payload") == "file_name":
                present = request.file_name
                self._script.imported[present] = b""
            else:
                self._script.imported[present] += request.data
        return models_pb2.ImportModelResponse(model=models_pb2.Model(name=name, installed=True))

    def RemoveModel(self, request, context):  # noqa: N802
        self._script.requests.append(request)
        return models_pb2.RemoveModelResponse(freed_bytes=8_400_000)

    def LoadModel(self, request, context):  # noqa: N802
        self._script.requests.append(request)
        resident = models_pb2.Residency(device="cpu", memory_bytes=1)
        model = models_pb2.Model(name=request.name, installed=True, residency=[resident])
        return models_pb2.LoadModelResponse(model=model, load_seconds=0.5)

    def UnloadModel(self, request, context):  # noqa: N802
        return models_pb2.UnloadModelResponse(model=models_pb2.Model(name=request.name, installed=True))

    def GetStatus(self, request, context):  # noqa: N802
        return self._script.status


class Door(grpc.ServerInterceptor):
    """Lets calls with the right token in, and writes down who called."""

    def __init__(self, script: Script, token: str) -> None:
        self._script = script
        self.token = token
        self._refusal = grpc.unary_unary_rpc_method_handler(
            lambda _, context: context.abort(grpc.StatusCode.UNAUTHENTICATED, "wrong token")
        )

    def intercept_service(self, continuation, handler_call_details):
        metadata = dict(handler_call_details.invocation_metadata)
        self._script.calls.append((handler_call_details.method, metadata))
        self._script.at_the_door(handler_call_details.method)
        if metadata.get("authorization") != f"Bearer {self.token}":
            return self._refusal
        return continuation(handler_call_details)
