using System.Diagnostics;
using Camelid.Contracts.JobPool.V1;
using Camelid.JobPool.Jobs;
using Camelid.JobPool.Submission;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Verification;
using Google.Protobuf;

namespace Camelid.JobPool.Receipts;

/// <summary>What canonical bytes say, for readers without Camelid.Protocol. Decoded, never remembered.</summary>
internal static class ReceiptFieldsMapping
{
    public static ParameterFields Of(JobParameters parameters) => new()
    {
        ModelRoot = Bytes(parameters.ModelRoot),
        PromptTokens = { parameters.PromptTokens },
        Sampling = Of(parameters.Sampling),
        ClientSeed = parameters.Sampling.ClientSeed is { } seed ? Bytes(seed) : ByteString.Empty,
        MaxTokens = parameters.MaxTokens,
        StopTokens = { parameters.StopTokens },
        StopStrings = { parameters.StopStrings },
        PriceGrainsPerToken = parameters.PriceGrainsPerToken,
        FeeGrains = parameters.FeeGrains,
        CreatedUnix = parameters.Created,
        DeadlineUnix = parameters.Deadline,
        ClientKey = ByteString.CopyFrom(parameters.ClientKey.Span),
        ReturnAddress = parameters.ReturnAddress,
        VerificationLevel = JobFacets.NameOf(parameters.Verification),
        SampledPositions = parameters.SampledPositions,
        NumericsClasses = { parameters.NumericsClasses.Select(Bytes) },
        NonceHash = Bytes(parameters.NonceHash),
    };

    public static OutputFields Of(JobOutput output) => new()
    {
        Tokens = { output.Tokens },
        Fingerprints = { output.Fingerprints },
        FinishReason = JobFacets.NameOf(output.FinishReason),
    };

    public static TestamentFields OfTestament(byte[]? bytes, Network network)
    {
        if (!Testament.TryDecode(bytes, out Testament? testament) || testament is null)
        {
            throw new UnreachableException("a stored testament is not canonical");
        }

        return new TestamentFields
        {
            GenesisHash = Bytes(testament.Genesis),
            JobId = Bytes(testament.JobId.Value),
            OutputRoot = Bytes(testament.OutputRoot),
            CiphertextRoot = Bytes(testament.CiphertextRoot),
            ChunkCount = testament.ChunkCount,
            TokenCount = testament.TokenCount,
            FinishReason = JobFacets.NameOf(testament.FinishReason),
            Nonce = Bytes(testament.Nonce),
            NumericsClass = Bytes(testament.NumericsClass),
            KeyHash = ByteString.CopyFrom(testament.KeyHash.ToBytes()),
            RewardAddress = new Address(network.AddressVersion, testament.RewardAddress).ToString(),
            StakeId = ByteString.CopyFrom(OperatorProfile.BytesOf(testament.Stake)),
            SlashGrains = checked((long)testament.SlashGrains),
            ExpiryUnix = testament.Expiry,
            Hash = Bytes(testament.Hash),
        };
    }

    public static AttestationFields OfAttestation(byte[] bytes)
    {
        if (!VerificationAttestation.TryDecode(bytes, out VerificationAttestation? attestation) || attestation is null)
        {
            throw new UnreachableException("a stored attestation is not canonical");
        }

        return new AttestationFields
        {
            GenesisHash = Bytes(attestation.Genesis),
            JobId = Bytes(attestation.JobId.Value),
            TestamentHash = Bytes(attestation.TestamentHash),
            Level = JobFacets.NameOf(attestation.Level),
            Verdict = JobFacets.NameOf(attestation.Verdict),
            Position = attestation.FirstBadPosition,
            NumericsClass = Bytes(attestation.NumericsClass),
            VerifierStakeId = ByteString.CopyFrom(OperatorProfile.BytesOf(attestation.Verifier)),
        };
    }

    private static Sampling Of(SamplingParameters sampling) => new()
    {
        TemperatureMillionths = sampling.TemperatureMillionths,
        TopPMillionths = sampling.TopPMillionths,
        TopK = sampling.TopK,
        MinPMillionths = sampling.MinPMillionths,
        RepetitionPenaltyMillionths = sampling.RepetitionPenaltyMillionths,
        PresencePenaltyMillionths = sampling.PresencePenaltyMillionths,
        FrequencyPenaltyMillionths = sampling.FrequencyPenaltyMillionths,
        LogitBias =
        {
            sampling.LogitBiases.Select(bias => new TokenBias { TokenId = bias.TokenId, BiasMillionths = bias.BiasMillionths }),
        },
    };

    private static ByteString Bytes(Hash256 hash) => ByteString.CopyFrom(hash.ToBytes());
}
