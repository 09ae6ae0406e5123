using Camelid.Gateway.Keys;
using Camelid.ServiceDefaults.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;

namespace Camelid.Gateway.Tests.Keys;

public sealed class ApiKeyTests : IDisposable
{
    private readonly TemporaryAccounts accounts = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_first_key_is_made_once_and_only_its_owner_can_read_it()
    {
        DataFolder folder = Folder();
        await First(folder).StartAsync(Token);
        string key = (await File.ReadAllTextAsync(folder.ApiKeyFile, Token)).Trim();
        await First(folder).StartAsync(Token);
        Assert.Equal(key, (await File.ReadAllTextAsync(folder.ApiKeyFile, Token)).Trim());
        Assert.True(OperatingSystem.IsWindows()
            || File.GetUnixFileMode(folder.ApiKeyFile) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));

        ApiKey? found = await Store().FindAsync(key, Token);
        Assert.NotNull(found);
        Assert.True(found.Has(ApiKey.CompletionsScope) && found.Has(ApiKey.OperatorScope));
        Assert.DoesNotContain(key, found.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_crash_between_the_file_and_the_row_is_repaired_by_the_next_start()
    {
        DataFolder folder = Folder();
        await File.WriteAllTextAsync(folder.ApiKeyFile, "cml-left-by-a-crash\n", Token);
        await First(folder).StartAsync(Token);
        Assert.NotNull(await Store().FindAsync("cml-left-by-a-crash", Token));
    }

    [Fact]
    public async Task Another_key_is_nobodys()
    {
        DataFolder folder = Folder();
        await First(folder).StartAsync(Token);
        Assert.Null(await Store().FindAsync(ApiKey.Generate(), Token));
    }

    [Theory]
    [InlineData("Bearer cml-abc", "cml-abc")]
    [InlineData("bearer cml-abc ", "cml-abc")]
    [InlineData("Bearer ", null)]
    [InlineData("Basic cml-abc", null)]
    [InlineData(null, null)]
    public void A_key_comes_as_a_bearer_token(string? header, string? key) =>
        Assert.Equal(key, ApiKey.FromHeader(header));

    [Fact]
    public void A_scope_is_a_whole_word()
    {
        ApiKey key = new() { KeyHash = "h", Account = "a", Scopes = "completions" };
        Assert.True(key.Has("completions"));
        Assert.False(key.Has("operator"));
        Assert.False(key.Has("complet"));
    }

    public void Dispose() => accounts.Dispose();

    private ApiKeyStore Store() => new(accounts.Database, accounts.Time);

    private FirstApiKey First(DataFolder folder) => new(Store(), folder, NullLogger<FirstApiKey>.Instance);

    private DataFolder Folder() => new(new ConfigurationBuilder()
        .AddInMemoryCollection(new Dictionary<string, string?> { ["Camelid:DataDir"] = accounts.Folder })
        .Build());
}
