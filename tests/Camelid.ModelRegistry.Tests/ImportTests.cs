using System.Runtime.CompilerServices;
using Camelid.Contracts.ModelRegistry.V1;
using Camelid.ModelRegistry.Catalog;
using Camelid.ModelRuntime.Packages;
using Camelid.Protocol;
using Camelid.ServiceDefaults.Rpc;
using Google.Protobuf;
using Grpc.Core;

namespace Camelid.ModelRegistry.Tests;

public sealed class ImportTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("camelid-models").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Models => Path.Combine(folder, "regtest", "models");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_second_import_of_a_model_changes_nothing()
    {
        await using RegistryHost host = await RegistryHost.StartAsync(folder, Cancellation);
        ModelEntry first = host.Catalog.Find("camelid-nano")!;
        string weights = Path.Combine(first.Package!.Folder, "model.bin");
        DateTime written = File.GetLastWriteTimeUtc(weights);

        ModelEntry second = await host.Import.ImportAsync(ModelPackage.EmbeddedFolder, Cancellation);

        Assert.Equal(first.Root, second.Root);
        Assert.Equal(written, File.GetLastWriteTimeUtc(weights));
        Assert.Single(host.Catalog.Entries);
        Assert.Equal(
            [first.Root.ToString()], Directory.EnumerateDirectories(Models).Select(path => Path.GetFileName(path)));
    }

    [Fact]
    public async Task An_interrupted_import_leaves_no_model_and_the_next_one_goes_on_where_it_stopped()
    {
        ModelPackage package = await ModelPackage.OpenAsync(ModelPackage.EmbeddedFolder, Cancellation);
        ModelInstallation installation = new(Models);
        BreakingSource source = new(new FolderModelSource(package.Folder), "model.bin");

        await Assert.ThrowsAsync<IOException>(() => installation.InstallAsync(package.Root, source, Cancellation));
        Assert.False(Directory.Exists(installation.FolderOf(package.Root)));

        source.IsBroken = false;
        ModelPackage installed = await installation.InstallAsync(package.Root, source, Cancellation);
        Assert.Equal(package.Root, installed.Root);
        Assert.Equal(1 << 20, source.LastOffset);
        Assert.Single(Directory.EnumerateFileSystemEntries(Models));
    }

    [Fact]
    public async Task A_model_put_into_the_folder_while_the_service_runs_is_there_after_the_next_look()
    {
        await using RegistryHost host = await RegistryHost.StartAsync(folder, Cancellation);
        ModelEntry known = host.Catalog.Find("camelid-nano")!;
        string other = Copy(known.Package!);
        string manifest = Path.Combine(other, ModelManifest.FileName);
        string text = await File.ReadAllTextAsync(manifest, Cancellation);
        await File.WriteAllTextAsync(
            manifest, text.Replace("camelid-nano", "another", StringComparison.Ordinal), Cancellation);
        Hash256 root = (await ModelPackage.OpenAsync(other, Cancellation)).Root;
        Directory.CreateDirectory(Path.Combine(Models, "unfinished.partial"));
        Directory.Move(other, Path.Combine(Models, root.ToString()));

        await host.Import.AddNewAsync(Cancellation);
        Assert.Equal(root, host.Catalog.Find("another")?.Root);
        Assert.Equal(2, host.Catalog.Entries.Count);
        Assert.Same(known, host.Catalog.Find("camelid-nano"));
    }

    [Fact]
    public async Task A_chunk_that_arrives_changed_is_refused_by_file_and_number()
    {
        ModelPackage package = await ModelPackage.OpenAsync(ModelPackage.EmbeddedFolder, Cancellation);
        string bad = Copy(package);
        Damage(Path.Combine(bad, "model.bin"), 1_500_000);
        ModelPackageException refusal = await Assert.ThrowsAsync<ModelPackageException>(() =>
            new ModelInstallation(Models).InstallAsync(package.Root, new FolderModelSource(bad), Cancellation));
        Assert.Contains("model.bin: chunk 1 of ", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_damaged_on_disk_is_imported_again_at_the_next_start()
    {
        await using (RegistryHost first = await RegistryHost.StartAsync(folder, Cancellation))
        {
            Damage(Path.Combine(first.Catalog.Find("camelid-nano")!.Package!.Folder, "model.bin"), 10);
        }

        await using RegistryHost second = await RegistryHost.StartAsync(folder, Cancellation);
        ModelEntry entry = second.Catalog.Find("camelid-nano")!;
        Assert.True(entry.IsIntact);
        Assert.Equal(entry.Root, (await ModelPackage.OpenAsync(entry.Package!.Folder, Cancellation)).Root);
    }

    [Fact]
    public async Task A_fetched_model_is_the_model_that_was_asked_for()
    {
        await using RegistryHost host = await RegistryHost.StartAsync(folder, Cancellation);
        Model model = await host.Client.GetModelAsync(
            new GetModelRequest { Model = "camelid-nano" }, cancellationToken: Cancellation);
        Hash256 root = Hash256.FromBytes(model.Root.Span);
        ModelPackage fetched = await new ModelInstallation(Path.Combine(folder, "worker"))
            .InstallAsync(root, new RpcSource(host.Client, model.Root), Cancellation);
        Assert.Equal(root, fetched.Root);
    }

    [Fact]
    public async Task A_file_damaged_while_serving_is_named_and_not_served_any_more()
    {
        await using RegistryHost host = await RegistryHost.StartAsync(folder, Cancellation);
        ModelEntry entry = host.Catalog.Find("camelid-nano")!;
        Damage(Path.Combine(entry.Package!.Folder, "model.bin"), 2_500_000);
        RpcSource source = new(host.Client, ByteString.CopyFrom(entry.Root.ToBytes()));

        RpcException refusal = await Assert.ThrowsAsync<RpcException>(() =>
            new ModelInstallation(Path.Combine(folder, "worker")).InstallAsync(entry.Root, source, Cancellation));

        Assert.Equal(StatusCode.DataLoss, refusal.StatusCode);
        Assert.Equal("model-damaged", RpcReason.Of(refusal));
        Assert.Contains("model.bin is damaged: chunk 2 of ", refusal.Status.Detail, StringComparison.Ordinal);
        RpcException later = await Assert.ThrowsAsync<RpcException>(async () =>
            await host.Client.GetModelAsync(
                new GetModelRequest { Model = "camelid-nano" }, cancellationToken: Cancellation));
        Assert.Equal("model-damaged", RpcReason.Of(later));
    }

    [Fact]
    public async Task Text_becomes_tokens_and_text_again()
    {
        await using RegistryHost host = await RegistryHost.StartAsync(folder, Cancellation);
        TokenizeRequest request = new() { Model = "camelid-nano", Texts = { "Once upon a time", "" } };
        TokensReply tokens = await host.Client.TokenizeAsync(request, cancellationToken: Cancellation);
        DetokenizeRequest back = new() { Model = "camelid-nano", Tokens = { tokens.Lists[0].Tokens } };
        DetokenizeReply text = await host.Client.DetokenizeAsync(back, cancellationToken: Cancellation);
        Assert.Equal("Once upon a time", text.Text);
        Assert.Empty(tokens.Lists[1].Tokens);
        DetokenizeRequest nothing = new() { Model = "camelid-nano" };
        Assert.Equal("", (await host.Client.DetokenizeAsync(nothing, cancellationToken: Cancellation)).Text);
    }

    [Theory]
    [InlineData("no-such-model", StatusCode.NotFound, "unknown-model")]
    [InlineData("", StatusCode.NotFound, "unknown-model")]
    public async Task An_unknown_model_is_refused_by_name(string name, StatusCode status, string reason)
    {
        await using RegistryHost host = await RegistryHost.StartAsync(folder, Cancellation);
        RpcException refusal = await Assert.ThrowsAsync<RpcException>(async () =>
            await host.Client.GetModelAsync(new GetModelRequest { Model = name }, cancellationToken: Cancellation));
        Assert.Equal((status, reason), (refusal.StatusCode, RpcReason.Of(refusal)));
    }

    private static void Damage(string file, int offset)
    {
        using FileStream stream = File.Open(file, FileMode.Open, FileAccess.ReadWrite);
        stream.Position = offset;
        int old = stream.ReadByte();
        stream.Position = offset;
        stream.WriteByte((byte)(old ^ 1));
    }

    private string Copy(ModelPackage package)
    {
        string copy = Path.Combine(folder, "copy");
        Directory.CreateDirectory(copy);
        foreach (string file in Directory.EnumerateFiles(package.Folder))
        {
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        }

        return copy;
    }

    /// <summary>A source whose disk or line fails after the first MiB of one file.</summary>
    private sealed class BreakingSource(IModelSource inner, string file) : IModelSource
    {
        public bool IsBroken { get; set; } = true;

        public long LastOffset { get; private set; }

        public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(
            string path, long offset, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            LastOffset = path == file ? offset : LastOffset;
            await foreach (ReadOnlyMemory<byte> piece in inner.ReadAsync(path, offset, cancellationToken))
            {
                yield return piece;
                if (IsBroken && path == file)
                {
                    throw new IOException("the line broke");
                }
            }
        }
    }

    private sealed class RpcSource(ModelRegistryRpc.ModelRegistryRpcClient client, ByteString root) : IModelSource
    {
        public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(
            string path, long offset, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            FetchFileRequest request = new() { Root = root, Path = path, Offset = offset };
            using AsyncServerStreamingCall<FileChunk> call =
                client.FetchFile(request, cancellationToken: cancellationToken);
            await foreach (FileChunk chunk in call.ResponseStream.ReadAllAsync(cancellationToken))
            {
                yield return chunk.Data.Memory;
            }
        }
    }
}
