using Camelid.Contracts.Verifier.V1;
using Camelid.Verifier.Models;
using Camelid.Verifier.Storage;
using Google.Protobuf;
using Grpc.Core;

namespace Camelid.Verifier.Rpc;

/// <summary>Answers <c>VerifierRpc</c>.</summary>
internal sealed class VerifierService(VerdictsDatabase database, ModelHost host, VerifierMetrics metrics)
    : VerifierRpc.VerifierRpcBase
{
    /// <summary>Most verdicts in one answer.</summary>
    public const int VerdictsMax = 1000;

    public override async Task<VerifierStatus> GetStatus(GetVerifierStatusRequest request, ServerCallContext context)
    {
        IReadOnlyDictionary<string, long> counts = await database.CountAsync(context.CancellationToken);
        return new VerifierStatus
        {
            Ready = host.Model is not null,
            NotReadyReason = host.NotReadyReason,
            Passed = counts.GetValueOrDefault("passed"),
            Failed = counts.GetValueOrDefault("failed"),
            Inconclusive = counts.GetValueOrDefault("inconclusive"),
            Queue = metrics.Queue,
            NumericsClass = host.Model is { } model
                ? ByteString.CopyFrom(model.NumericsClass.ToBytes())
                : ByteString.Empty,
        };
    }

    public override async Task<ListVerdictsReply> ListVerdicts(ListVerdictsRequest request, ServerCallContext context)
    {
        if (request.Limit is < 1 or > VerdictsMax)
        {
            throw new RpcException(new Status(
                StatusCode.InvalidArgument, $"limit: 1 to {VerdictsMax}, got {request.Limit}"));
        }

        ListVerdictsReply reply = new();
        foreach (VerdictRow row in await database.ListAsync(request.Limit, context.CancellationToken))
        {
            reply.Verdicts.Add(new VerdictSummary
            {
                JobId = ByteString.CopyFrom(Convert.FromHexString(row.JobId)),
                Level = row.Level,
                Verdict = row.Verdict,
                Finding = row.Finding,
                Position = (int)row.Position,
                AtUnixMs = row.At,
                Milliseconds = row.Milliseconds,
            });
        }

        return reply;
    }
}
