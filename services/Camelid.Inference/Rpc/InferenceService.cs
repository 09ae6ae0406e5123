using Camelid.Contracts.Inference.V1;
using Camelid.Inference.Models;
using Camelid.ModelRuntime;
using Google.Protobuf;
using Grpc.Core;

namespace Camelid.Inference.Rpc;

/// <summary>Answers <c>InferenceRpc</c>.</summary>
internal sealed class InferenceService(ModelHost host, WorkerMetrics metrics, WorkerOptions options)
    : InferenceRpc.InferenceRpcBase
{
    public override Task<InferenceStatus> GetStatus(GetInferenceStatusRequest request, ServerCallContext context)
    {
        LanguageModel? model = host.Model;
        return Task.FromResult(new InferenceStatus
        {
            Worker = options.Worker,
            Ready = model is not null,
            NotReadyReason = host.NotReadyReason,
            ModelRoot = model is null ? ByteString.Empty : ByteString.CopyFrom(model.Package.Root.ToBytes()),
            NumericsClass = model is null ? ByteString.Empty : ByteString.CopyFrom(model.NumericsClass.ToBytes()),
            Slots = (uint)metrics.Slots,
            SlotsBusy = (uint)metrics.SlotsBusy,
            Queue = (uint)metrics.Queue,
            TokensGenerated = metrics.TokensGenerated,
            ExecutionProvider = options.ExecutionProvider,
        });
    }
}
