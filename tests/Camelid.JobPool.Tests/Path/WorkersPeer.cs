using System.Threading.Channels;
using Camelid.Contracts.Inference.V1;
using Camelid.Contracts.JobPool.V1;
using Camelid.Contracts.Verifier.V1;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Google.Protobuf;
using Grpc.Core;
using MassTransit;

namespace Camelid.JobPool.Tests.Path;

/// <summary>What the workers and verifiers of a test do with what the queues bring them.</summary>
internal sealed class WorkersPeer
{
    /// <summary>False: commands are noted and nothing is done about them.</summary>
    public bool IsComputing { get; init; } = true;

    /// <summary>False: verifiers stay silent.</summary>
    public bool IsVerifying { get; init; } = true;

    public VerificationState Verdict { get; init; } = VerificationState.Passed;

    /// <summary>The commands that came, for tests that act as the worker themselves.</summary>
    public Channel<ComputeJob> Commands { get; } = Channel.CreateUnbounded<ComputeJob>();

    public Channel<VerifyJob> Verifications { get; } = Channel.CreateUnbounded<VerifyJob>();
}

/// <summary>A worker without a model: three tokens, as deterministic as a real one.</summary>
internal sealed class ComputeJobPeer(WorkersPeer peer, JobPoolRpc.JobPoolRpcClient jobs) : IConsumer<ComputeJob>
{
    public static JobOutput Output { get; } = new()
    {
        Tokens = [11, 12, 13],
        Fingerprints = [21, 22, 23],
        FinishReason = Protocol.Jobs.FinishReason.Stop,
    };

    public static Hash256 NumericsClass { get; } = Hashes.Sha256([9]);

    public async Task Consume(ConsumeContext<ComputeJob> context)
    {
        ComputeJob command = context.Message;
        peer.Commands.Writer.TryWrite(command);
        if (!peer.IsComputing)
        {
            return;
        }

        using AsyncClientStreamingCall<TokenReport, StreamTokensReply> stream =
            jobs.StreamTokens(cancellationToken: context.CancellationToken);
        await stream.RequestStream.WriteAsync(ReportOf(command, "pod"), context.CancellationToken);
        for (int i = 0; i < Output.Tokens.Length; i++)
        {
            await stream.RequestStream.WriteAsync(ReportOf(command, "pod", i), context.CancellationToken);
        }

        await stream.RequestStream.CompleteAsync();
        await stream;
        await context.Publish(ComputedOf(command, "pod"), context.CancellationToken);
    }

    public static JobComputed ComputedOf(ComputeJob command, string worker) => new()
    {
        JobId = command.JobId,
        Attempt = command.Attempt,
        Worker = worker,
        Output = Output.Encode(),
        Text = "abc",
        NumericsClass = NumericsClass.ToBytes(),
    };

    public static TokenReport ReportOf(ComputeJob command, string worker, params int[] indices) => new()
    {
        JobId = ByteString.CopyFrom(Convert.FromHexString(command.JobId)),
        Attempt = command.Attempt,
        Worker = worker,
        Tokens =
        {
            indices.Select(index => new Token
            {
                Index = (uint)index,
                TokenId = Output.Tokens[index],
                Text = "abc".Substring(index, 1),
                Fingerprint = Output.Fingerprints[index],
            }),
        },
    };
}

/// <summary>A verifier without a model.</summary>
internal sealed class VerifyJobPeer(WorkersPeer peer, ChainPeer chain) : IConsumer<VerifyJob>
{
    public async Task Consume(ConsumeContext<VerifyJob> context)
    {
        peer.Verifications.Writer.TryWrite(context.Message);
        if (peer.IsVerifying)
        {
            await context.Publish(VerifiedOf(context.Message, chain, peer.Verdict), context.CancellationToken);
        }
    }

    public static JobVerified VerifiedOf(VerifyJob command, ChainPeer chain, VerificationState verdict)
    {
        Assert.True(JobId.TryParse(command.JobId, out JobId job));
        (byte[] attestation, byte[] signature) = chain.Attest(job, Hash256.FromBytes(command.TestamentHash), verdict);
        return new JobVerified
        {
            JobId = command.JobId,
            TestamentHash = command.TestamentHash,
            Verdict = verdict.ToString().ToUpperInvariant(),
            Finding = verdict == VerificationState.Failed ? "integrity" : "",
            Position = verdict == VerificationState.Failed ? 1 : -1,
            Attestation = attestation,
            Signature = signature,
            VerifierKey = chain.VerifierKey.Span.ToArray(),
        };
    }
}
