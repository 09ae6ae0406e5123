using Camelid.ModelRuntime.Engine;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Tests.CacheSize;

namespace Camelid.ModelRuntime.Tests.Needle;

/// <summary>The needle test under three sizes of the L2 cache as the operating system reports it.</summary>
[Collection(CacheSizeCollection.Name)]
public sealed class NeedleCacheSizeTests : IDisposable
{
    private const int MixesOfSize = 2;
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-needle-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(Precision.Single)]
    [InlineData(Precision.Int8)]
    [InlineData(Precision.Int4)]
    public async Task Mixes_have_the_same_bits_whatever_size_the_cache_is_said_to_have(string precision)
    {
        ReportedCacheSize.SkipUnlessSupported();
        ulong first = (ulong)Random.Shared.NextInt64();
        TestContext.Current.TestOutputHelper!.WriteLine($"{precision}: {MixesOfSize} mixes from seed {first}");
        List<uint[]> fingerprints = [];
        foreach (long bytes in ReportedCacheSize.Sizes)
        {
            using ReportedCacheSize told = ReportedCacheSize.Set(bytes);
            await using NeedleModel model =
                await NeedleModel.CreateAsync(Path.Combine(folder, $"{bytes}"), precision);
            for (ulong seed = first; seed < first + MixesOfSize; seed++)
            {
                NeedleMix mix = new(seed, NeedleModel.VocabularySize);
                NeedleRun run = new(model, mix);
                Assert.Null(await run.FindDifferenceAsync(TestContext.Current.CancellationToken));
                foreach (NeedleRequest request in mix.Requests)
                {
                    GenerationEvent end = await model.Plain
                        .Start(request.Request, CancellationToken.None).LastAsync(CancellationToken.None);
                    fingerprints.Add(((GenerationFinished)end).Fingerprints);
                }
            }
        }

        int count = fingerprints.Count / ReportedCacheSize.Sizes.Length;
        for (int i = count; i < fingerprints.Count; i++)
        {
            Assert.Equal(fingerprints[i % count], fingerprints[i]);
        }
    }
}
