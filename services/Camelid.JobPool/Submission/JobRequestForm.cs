using System.Diagnostics.CodeAnalysis;
using System.Text;
using Camelid.Contracts.JobPool.V1;
using Camelid.JobPool.Trade;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.ServiceDefaults.Rpc;
using Grpc.Core;

namespace Camelid.JobPool.Submission;

/// <summary>Turns a request into the parameters of a job, once; each refusal names its field (rule J-02).</summary>
internal static class JobRequestForm
{
    public const int RequestKeyBytesMax = 256;
    public const int AccountBytesMax = 128;
    public const uint TopLogprobsMax = 20;

    /// <summary>What the operator adds to a request.</summary>
    /// <param name="ClientKey">The client role's key.</param>
    /// <param name="NonceHash">SHA-256 of the nonce that was drawn for the job.</param>
    /// <param name="CreatedUnix">Now, Unix seconds.</param>
    /// <param name="PriceGrains">Price of a token.</param>
    internal readonly record struct Additions(
        PublicKey ClientKey, Hash256 NonceHash, uint CreatedUnix, ulong PriceGrains);

    /// <summary>Checks what does not enter the parameters.</summary>
    public static void CheckEnvelope(SubmitJobRequest request)
    {
        int keyBytes = Encoding.UTF8.GetByteCount(request.RequestKey);
        Require(keyBytes is > 0 and <= RequestKeyBytesMax, "request_key",
            $"1 … {RequestKeyBytesMax} bytes, not {keyBytes}");
        Require(Encoding.UTF8.GetByteCount(request.Account) <= AccountBytesMax, "account",
            $"at most {AccountBytesMax} bytes");
        Require(request.ModelRoot.Length == Hash256.Bytes, "model_root", $"32 bytes, not {request.ModelRoot.Length}");
        Require(request.TopLogprobs <= TopLogprobsMax, "top_logprobs",
            $"0 … {TopLogprobsMax}, not {request.TopLogprobs}");
        Require(VerifyChoice.IsOne(request.VerifyBy), "verify_by", "any, own, third or none");
    }

    /// <summary>The parameters, in canonical order and in form.</summary>
    public static JobParameters ToParameters(SubmitJobRequest request, JobPoolOptions options, Additions additions)
    {
        CheckEnvelope(request);
        uint deadline = request.DeadlineSeconds == 0 ? options.DeadlineSeconds : request.DeadlineSeconds;
        Require(deadline <= options.DeadlineSecondsMax, "deadline_seconds", $"at most {options.DeadlineSecondsMax}");
        VerificationLevel level = LevelOf(request.VerificationLevel);
        JobParameters parameters = new JobParameters
        {
            ModelRoot = Hash256.FromBytes(request.ModelRoot.Span),
            PromptTokens = [.. request.PromptTokens],
            Sampling = SamplingOf(request.Sampling),
            MaxTokens = request.MaxTokens,
            StopTokens = [.. request.StopTokens],
            StopStrings = [.. request.StopStrings],
            PriceGrainsPerToken = additions.PriceGrains,
            FeeGrains = options.FeeGrains,
            Created = additions.CreatedUnix,
            Deadline = additions.CreatedUnix + deadline,
            ClientKey = additions.ClientKey,
            Verification = level,
            SampledPositions = level == VerificationLevel.Sampled ? options.SampledPositions : 0,
            NonceHash = additions.NonceHash,
        }.InCanonicalOrder();
        JobRefusal refusal = parameters.CheckForm();
        if (refusal != JobRefusal.Accepted)
        {
            (string field, string bound) = FieldOf(refusal);
            Refuse(field, bound);
        }

        return parameters;
    }

    private static SamplingParameters SamplingOf(Sampling? sampling) => sampling is null
        ? new SamplingParameters()
        : new SamplingParameters
        {
            TemperatureMillionths = sampling.TemperatureMillionths,
            TopPMillionths = sampling.TopPMillionths,
            TopK = sampling.TopK,
            MinPMillionths = sampling.MinPMillionths,

            // Zero is what the wire says for "left out"; as a penalty it has no meaning.
            RepetitionPenaltyMillionths = sampling.RepetitionPenaltyMillionths == 0
                ? SamplingParameters.One
                : sampling.RepetitionPenaltyMillionths,
            PresencePenaltyMillionths = sampling.PresencePenaltyMillionths,
            FrequencyPenaltyMillionths = sampling.FrequencyPenaltyMillionths,
            LogitBiases = [.. sampling.LogitBias.Select(bias => new LogitBias(bias.TokenId, bias.BiasMillionths))],
            ClientSeed = sampling.HasSeed ? JobSeed.FromClient(sampling.Seed) : null,
        };

    private static VerificationLevel LevelOf(string name)
    {
        switch (name)
        {
            case "" or "full": return VerificationLevel.Full;
            case "sampled": return VerificationLevel.Sampled;
            case "spot": return VerificationLevel.Spot;
            default:
                Refuse("verification_level", "spot, sampled or full");
                return VerificationLevel.Unset;
        }
    }

    private static (string Field, string Bound) FieldOf(JobRefusal refusal) => refusal switch
    {
        JobRefusal.ModelRootMissing => ("model_root", "not zero"),
        JobRefusal.PromptTokenCount => ("prompt_tokens", $"1 … {JobParameters.PromptTokensMax} tokens"),
        JobRefusal.SamplingRange => ("sampling", "temperature 0 … 2, top_p 0.000001 … 1, min_p 0 … 1, "
            + "repetition_penalty 1 … 2, presence_penalty and frequency_penalty −2 … 2"),
        JobRefusal.LogitBiases => ("sampling.logit_bias",
            $"at most {SamplingParameters.LogitBiasMax} tokens, each −100 … 100"),
        JobRefusal.MaxTokens => ("max_tokens", $"1 … {JobParameters.TokensMax}"),
        JobRefusal.StopTokens => ("stop_tokens", $"at most {JobParameters.StopTokensMax}"),
        JobRefusal.StopStrings => ("stop_strings",
            $"at most {JobParameters.StopStringsMax}, each 1 … {JobParameters.StopStringBytesMax} bytes of UTF-8"),
        JobRefusal.RewardTooLarge => ("max_tokens", "a reward that can exist: ask for fewer tokens"),
        JobRefusal.Times => ("deadline_seconds", "a deadline that the chain's clock can express"),
        JobRefusal.Verification => ("verification_level",
            $"JobPool:SampledPositions 1 … {JobParameters.SampledPositionsMax}"),
        _ => ("request", $"a job in form ({refusal})"),
    };

    private static void Require([DoesNotReturnIf(false)] bool good, string field, string bound)
    {
        if (!good)
        {
            Refuse(field, bound);
        }
    }

    [DoesNotReturn]
    private static void Refuse(string field, string bound) =>
        RpcReason.Throw(StatusCode.InvalidArgument, "bad-parameters", $"{field}: must be {bound}");
}
