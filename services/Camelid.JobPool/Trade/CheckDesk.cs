using Camelid.Contracts.Chain.V1;
using Camelid.Contracts.JobPool.V1;
using Camelid.Contracts.Verifier.V1;
using Camelid.JobPool.Submission;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Trade;
using Camelid.Protocol.Verification;
using Grpc.Core;

namespace Camelid.JobPool.Trade;

/// <summary>
/// Checks for other operators' clients: only outputs that a testament binds, only for the client of the job, so many in
/// a minute; one verdict for each testament, given again however often it is asked for.
/// </summary>
internal sealed partial class CheckDesk(CheckStore store, OperatorDirectory directory, CheckDesk.Tools tools)
{
    /// <summary>What the desk is given besides its collaborators.</summary>
    internal sealed record Tools(
        SignerRpc.SignerRpcClient Signer, TradePost Post, ISecp256k1 Curve, JobPoolOptions Options, TimeProvider Time,
        NodeConduct Conduct, ILogger<CheckDesk> Logger);

    private const int WaitingMax = 256;
    private const long MinuteMs = 60_000;

    private readonly ILogger logger = tools.Logger;

    private long NowMs => tools.Time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>A client asks. Safe to repeat.</summary>
    public async Task TakeRequestAsync(NodeMessage message, CancellationToken cancellationToken)
    {
        if (await OpenAsync(message, cancellationToken) is not { } request)
        {
            return;
        }

        CheckRow? row = await store.FindAsync(request.Testament.Hash.ToString(), cancellationToken);
        if (row?.Answer is not null)
        {
            await tools.Post.SendAsync(
                message.Sender.ToByteArray(), TradeMessageKind.CheckAnswer, row.Answer, cancellationToken);
            return;
        }

        if (row is not null && NowMs - row.Sent < tools.Options.VerifyAgainSeconds * 1000L)
        {
            return;
        }

        byte[] client = request.Parameters.ClientKey.Span.ToArray();
        CheckCount count = await store.CountAsync(client, NowMs - MinuteMs, cancellationToken);
        if (row is null && (count.OfClient >= tools.Options.ChecksPerMinute || count.Waiting >= WaitingMax))
        {
            tools.Conduct.Refuse(
                message.Sender, "check request", TradeFault.TooMany,
                $"{count.OfClient} checks of this client in a minute, {count.Waiting} wait");
            return;
        }

        CheckRow kept = row ?? new CheckRow
        {
            TestamentHash = request.Testament.Hash.ToString(),
            JobId = request.Parameters.Id.ToString(),
            ClientNode = message.Sender.ToByteArray(),
            ClientKey = client,
            Received = NowMs,
        };
        await store.SendAsync(kept with { Sent = NowMs }, CommandOf(request), cancellationToken);
    }

    /// <summary>Our verifier's verdict on a check; nothing where it is about a job of our own.</summary>
    public async Task AcceptVerdictAsync(
        JobVerified message, VerificationAttestation attestation, CancellationToken cancellationToken)
    {
        if (await store.FindAsync(attestation.TestamentHash.ToString(), cancellationToken) is not { } row
            || !PublicKey.TryFromBytes(message.VerifierKey, out PublicKey key))
        {
            return;
        }

        CheckAnswer answer = new()
        {
            Attestation = attestation,
            Finding = Enum.TryParse(message.Finding, ignoreCase: true, out RasticFinding finding)
                ? finding
                : RasticFinding.None,
            VerifierKey = key,
            Signature = message.Signature,
        };
        await store.AnswerAsync(row.TestamentHash, answer.Encode(), NowMs, cancellationToken);
        row = await store.FindAsync(row.TestamentHash, cancellationToken) ?? row;
        LogAnswered(row.JobId, message.Verdict, Convert.ToHexStringLower(row.ClientNode));
        await tools.Post.SendAsync(row.ClientNode, TradeMessageKind.CheckAnswer, row.Answer!, cancellationToken);
    }

    private async Task<CheckRequest?> OpenAsync(NodeMessage message, CancellationToken cancellationToken)
    {
        OpenCheckRequestReply reply;
        try
        {
            reply = await tools.Signer.OpenCheckRequestAsync(
                new OpenCheckRequestRequest { Request = message.Body }, cancellationToken: cancellationToken);
        }
        catch (RpcException exception) when (exception.StatusCode
            is StatusCode.FailedPrecondition or StatusCode.InvalidArgument)
        {
            tools.Conduct.Refuse(
                message.Sender, "check request", exception.StatusCode == StatusCode.InvalidArgument
                    ? TradeFault.Malformed
                    : TradeFault.NotSealedHere,
                exception.Status.Detail);
            return null;
        }

        OperatorProfile profile = await directory.GetAsync(cancellationToken);
        if (CheckRequest.TryDecode(reply.Content.Span, out CheckRequest? request) && request is not null
            && request.IsFor(profile.Genesis, OperatorProfile.StakeOf(reply.StakeId.Span), tools.Curve))
        {
            return request;
        }

        tools.Conduct.Refuse(
            message.Sender, "check request", request is null ? TradeFault.Malformed : TradeFault.WrongSignature,
            request is null ? "not in canonical form" : "not by the job's client, or not of that output");
        return null;
    }

    private static VerifyJob CommandOf(CheckRequest request) => new()
    {
        JobId = request.Parameters.Id.ToString(),
        Parameters = request.Parameters.Encode(),
        Seed = JobSeed.Of(request.Parameters, request.Nonce, request.Testament.Stake).ToBytes(),
        Output = request.Output.Encode(),
        TestamentHash = request.Testament.Hash.ToBytes(),
        NumericsClass = request.Testament.NumericsClass.ToBytes(),
    };

    [LoggerMessage(2063, LogLevel.Information,
        "Job {JobId} of another operator is checked: {Verdict}, for node {Node}")]
    private partial void LogAnswered(string jobId, string verdict, string node);
}
