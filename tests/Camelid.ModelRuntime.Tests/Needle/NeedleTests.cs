using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Tests.Needle;

/// <summary>
/// Whatever is computed beside a request, and however its prompt is cut, its bits are those of the request alone and
/// of a verifier's one pass. A thousand mixes run in <c>./camelid bench needle</c>.
/// </summary>
public sealed class NeedleTests : IDisposable
{
    private const int MixesOfPrecision = 17;
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-needle-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(Precision.Single)]
    [InlineData(Precision.Int8)]
    [InlineData(Precision.Int4)]
    public async Task Random_mixes_of_requests_have_the_bits_of_each_request_alone_and_of_the_verifier(string precision)
    {
        ulong first = (ulong)Random.Shared.NextInt64();
        TestContext.Current.TestOutputHelper!.WriteLine($"{precision}: {MixesOfPrecision} mixes from seed {first}");
        await using NeedleModel model = await NeedleModel.CreateAsync(folder, precision);
        for (ulong seed = first; seed < first + MixesOfPrecision; seed++)
        {
            NeedleRun run = new(model, new NeedleMix(seed, NeedleModel.VocabularySize));
            Assert.Null(await run.FindDifferenceAsync(TestContext.Current.CancellationToken));
            Assert.Equal(run.Mix.Requests.Count, run.Compared);
        }
    }

    [Theory]
    [InlineData(Precision.Single)]
    [InlineData(Precision.Int8)]
    [InlineData(Precision.Int4)]
    public async Task Decoding_with_attention_of_one_row_is_found_out(string precision)
    {
        await using NeedleModel model = await NeedleModel.CreateAsync(folder, precision, tokensMin: 1);
        string? difference = null;
        for (ulong seed = 0; seed < 10 && difference is null; seed++)
        {
            NeedleRun run = new(model, new NeedleMix(seed, NeedleModel.VocabularySize));
            difference = await run.FindDifferenceAsync(TestContext.Current.CancellationToken);
        }

        Assert.NotNull(difference);
    }
}
