using Camelid.ModelRegistry.Distribution.Pulls;
using Camelid.ModelRegistry.Distribution.Serving;
using Camelid.ModelRuntime.Packages;
using Camelid.Protocol.Models;
using Camelid.Protocol.Models.Chunks;

namespace Camelid.ModelRegistry.Tests.Distribution;

/// <summary>Rule J-38 on a disk: what an ended download left is used, and nothing of it is believed.</summary>
public sealed class ResumeTests
{
    private const int ChunksSent = 7;

    private static readonly PullSettings Impatient = new()
    {
        Tick = TimeSpan.FromMilliseconds(20), FindPause = TimeSpan.FromMilliseconds(50), PatienceMax = TimeSpan.Zero,
        StreamsPerHolder = 1,
    };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("whole")]
    [InlineData("torn")]
    [InlineData("gone")]
    public async Task An_ended_download_goes_on_with_what_lies_on_the_disk(string progress)
    {
        await using Swarm swarm = new();
        ModelPackage package = await RandomPackage.WriteAsync(Path.Combine(swarm.Folder, "a"), 12 << 20, 31);
        swarm.Serve(package, diesAfter: ChunksSent);
        await Assert.ThrowsAsync<PullException>(() => swarm.PullAsync(package.Root, Cancellation, Impatient));
        string partial = Path.Combine(swarm.Models, PartialPackage.FolderPrefix + package.Root);
        Spoil(Path.Combine(partial, ".progress"), progress);
        ModelHead head = PartialPackage.FindHead(swarm.Models, package.Root)!;

        swarm.Addresses.Clear();
        swarm.Serve(package);
        int before;
        using (PartialPackage resumed = await PartialPackage.OpenAsync(swarm.Models, head, Cancellation))
        {
            before = resumed.Have.SetCount;
        }

        Assert.InRange(before, 1, ChunksSent);
        (ModelPackage pulled, ModelFetch fetch) = await swarm.PullAsync(package.Root, Cancellation, Impatient);
        Assert.Equal(package.Root, pulled.Root);
        FetchReport report = fetch.Report()!;
        Assert.Equal(report.ChunksCount - before, Assert.Single(report.Holders).ChunksCount);
    }

    [Fact]
    public async Task A_chunk_that_changed_on_the_disk_is_fetched_again()
    {
        await using Swarm swarm = new();
        ModelPackage package = await RandomPackage.WriteAsync(Path.Combine(swarm.Folder, "a"), 6 << 20, 32);
        ModelHead head = ShelfModel.HeadOf(package.Manifest);
        Directory.CreateDirectory(swarm.Models);
        using (PartialPackage partial = await PartialPackage.OpenAsync(swarm.Models, head, Cancellation))
        {
            int file = head.Layout.Files.Select((listed, index) => (listed.Path, index))
                .Single(listed => listed.Path == "random-0.bin").index;
            byte[] bytes = await File.ReadAllBytesAsync(Path.Combine(package.Folder, "random-0.bin"), Cancellation);
            partial.Write(new ChunkPlace(file, 0), bytes.AsSpan(0, ChunkTree.ChunkBytes));
            bytes[ChunkTree.ChunkBytes] ^= 1;
            partial.Write(new ChunkPlace(file, 1), bytes.AsSpan(ChunkTree.ChunkBytes));
            partial.SaveProgress(ChunkBits.Full(head.Layout.ChunksCount));
        }

        using PartialPackage again = await PartialPackage.OpenAsync(swarm.Models, head, Cancellation);
        Assert.Equal(1, again.Have.SetCount);
    }

    /// <summary>Rule J-34: holders of halves make a whole.</summary>
    [Fact]
    public async Task A_model_comes_from_two_that_have_a_half_each()
    {
        await using Swarm swarm = new();
        ModelPackage package = await RandomPackage.WriteAsync(Path.Combine(swarm.Folder, "a"), 10 << 20, 33);
        ModelHead head = ShelfModel.HeadOf(package.Manifest);
        for (int half = 0; half < 2; half++)
        {
            ChunkBits have = new(head.Layout.ChunksCount);
            foreach (int chunk in Enumerable.Range(0, have.Count).Where(chunk => chunk % 2 == half))
            {
                have.Set(chunk);
            }

            swarm.Serve(ShelfModel.Of(head, package.Manifest, package.Folder, () => have));
        }

        (ModelPackage pulled, ModelFetch fetch) = await swarm.PullAsync(package.Root, Cancellation);
        Assert.Equal(package.Root, pulled.Root);
        Assert.All(fetch.Report()!.Holders, holder => Assert.NotEqual(0, holder.ChunksCount));
        Assert.Equal(1, fetch.Report()!.FetchesMost);
    }

    private static void Spoil(string progressFile, string how)
    {
        if (how == "torn")
        {
            using FileStream file = File.Open(progressFile, FileMode.Open);
            file.SetLength(file.Length / 2);
        }
        else if (how == "gone")
        {
            File.Delete(progressFile);
        }
    }
}
