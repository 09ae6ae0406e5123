using Camelid.Contracts.JobPool.V1;
using Camelid.JobPool.Submission;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Google.Protobuf;
using Grpc.Core;

namespace Camelid.JobPool.Tests.Submission;

/// <summary>A request becomes parameters in form, or a refusal that names its field (rule J-02).</summary>
public sealed class JobRequestFormTests
{
    private static readonly JobRequestForm.Additions Additions = new(
        PublicKey.TryFromBytes([2, .. new byte[32]], out PublicKey key) ? key : default,
        Hashes.Sha256([1]), 1_800_000_000, 1000);

    public static TheoryData<string, Action<SubmitJobRequest>> Refused => new()
    {
        { "request_key", request => request.RequestKey = "" },
        { "request_key", request => request.RequestKey = new string('k', 257) },
        { "account", request => request.Account = new string('a', 129) },
        { "model_root", request => request.ModelRoot = ByteString.CopyFrom(new byte[31]) },
        { "model_root", request => request.ModelRoot = ByteString.CopyFrom(new byte[32]) },
        { "top_logprobs", request => request.TopLogprobs = 21 },
        { "prompt_tokens", request => request.PromptTokens.Clear() },
        { "max_tokens", request => request.MaxTokens = 0 },
        { "max_tokens", request => request.MaxTokens = JobParameters.TokensMax + 1 },
        { "stop_tokens", request => request.StopTokens.Add(Enumerable.Range(0, 65).Select(id => (uint)id)) },
        { "stop_strings", request => request.StopStrings.Add(["a", "b", "c", "d", "e"]) },
        { "stop_strings", request => request.StopStrings.Add("") },
        { "sampling", request => request.Sampling.TemperatureMillionths = 2_000_001 },
        { "sampling", request => request.Sampling.TopPMillionths = 0 },
        { "sampling.logit_bias", request => request.Sampling.LogitBias.Add(
            new TokenBias { TokenId = 1, BiasMillionths = 100_000_001 }) },
        { "deadline_seconds", request => request.DeadlineSeconds = 86_401 },
        { "verification_level", request => request.VerificationLevel = "none" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void A_refusal_names_its_field(string field, Action<SubmitJobRequest> spoil)
    {
        SubmitJobRequest request = Request();
        spoil(request);
        RpcException refused = Assert.Throws<RpcException>(
            () => JobRequestForm.ToParameters(request, new JobPoolOptions(), Additions));
        Assert.Equal(StatusCode.InvalidArgument, refused.StatusCode);
        Assert.Equal("bad-parameters", refused.Trailers.GetValue("camelid-reason"));
        Assert.StartsWith(field + ":", refused.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_request_at_its_limits_is_accepted()
    {
        SubmitJobRequest request = Request();
        request.RequestKey = new string('k', 256);
        request.TopLogprobs = 20;
        request.StopStrings.Add(["d", "c", "b", "b"]);
        request.StopTokens.Add([9, 3, 3]);
        request.Sampling.TemperatureMillionths = 2_000_000;
        request.Sampling.Seed = 5;
        request.DeadlineSeconds = 86_400;
        request.VerificationLevel = "sampled";
        JobParameters parameters = JobRequestForm.ToParameters(request, new JobPoolOptions(), Additions);
        Assert.Equal(["b", "c", "d"], parameters.StopStrings);
        Assert.Equal([3u, 9u], parameters.StopTokens);
        Assert.Equal(8u, parameters.SampledPositions);
        Assert.Equal(JobSeed.FromClient(5), parameters.Sampling.ClientSeed);
        Assert.Equal(SamplingParameters.One, parameters.Sampling.RepetitionPenaltyMillionths);
        Assert.Equal(parameters.Created + 86_400, parameters.Deadline);
    }

    private static SubmitJobRequest Request() => new()
    {
        RequestKey = "key",
        ModelRoot = ByteString.CopyFrom(Hashes.Sha256([42]).ToBytes()),
        PromptTokens = { 1 },
        MaxTokens = 1,
        Sampling = new Sampling { TemperatureMillionths = 1_000_000, TopPMillionths = 1_000_000 },
    };
}
