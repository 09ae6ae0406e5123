using Camelid.ModelRuntime.Engine;
using Camelid.ModelRuntime.Packages;
using Camelid.Protocol.Jobs;

namespace Camelid.ModelRuntime.Tests.Needle;

/// <summary>fp16 is meant for GPUs; the processor computes it too, slowly, and by the same code.</summary>
public sealed class HalfPrecisionTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-half-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_model_in_fp16_says_what_it_says_in_fp32_and_mixes_have_the_bits_of_one_pass()
    {
        GenerationRequest request = new()
        {
            PromptTokens = [5, 70, 9, 33, 120, 8],
            Sampling = new SamplingParameters { TemperatureMillionths = 0 },
            SeedKey = 1,
            MaxTokens = 12,
        };
        await using NeedleModel half = await NeedleModel.CreateAsync(Path.Combine(folder, "16"), Precision.Half);
        await using NeedleModel single = await NeedleModel.CreateAsync(Path.Combine(folder, "32"), Precision.Single);
        double[][] logprobs = new double[2][];
        for (int i = 0; i < 2; i++)
        {
            List<double> all = [];
            await foreach (GenerationEvent step in (i == 0 ? half : single).Plain.Start(
                request, TestContext.Current.CancellationToken))
            {
                all.AddRange(step is GeneratedToken token ? [token.Logprob] : []);
            }

            logprobs[i] = [.. all];
        }

        Assert.InRange(logprobs[0][0], logprobs[1][0] - 0.02, logprobs[1][0] + 0.02);
        for (ulong seed = 1; seed <= 3; seed++)
        {
            NeedleRun run = new(half, new NeedleMix(seed, NeedleModel.VocabularySize));
            Assert.Null(await run.FindDifferenceAsync(TestContext.Current.CancellationToken));
        }
    }
}
