using Camelid.ServiceDefaults.Hosting;

namespace Camelid.Gateway.Keys;

/// <summary>
/// Makes the operator's first key at the first start and keeps it at <c>DATA-DIR/api-key</c> (0600). The file is
/// written
/// before the row: a crash between the two is repaired by the next start, which stores the file's key again.
/// </summary>
internal sealed partial class FirstApiKey(ApiKeyStore keys, DataFolder folder, ILogger<FirstApiKey> logger)
    : IHostedService
{
    private const string Account = "operator";

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        string? key = File.Exists(folder.ApiKeyFile)
            ? (await File.ReadAllTextAsync(folder.ApiKeyFile, cancellationToken)).Trim()
            : null;
        if (string.IsNullOrEmpty(key))
        {
            key = ApiKey.Generate();
            await WriteAsync(key, cancellationToken);
            LogKeyMade(folder.ApiKeyFile);
        }

        await keys.AddAsync(
            new ApiKey
            {
                KeyHash = ApiKey.HashOf(key),
                Account = Account,
                Scopes = $"{ApiKey.CompletionsScope} {ApiKey.OperatorScope}",
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task WriteAsync(string key, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder.Root);
        string temporary = folder.ApiKeyFile + ".new";
        File.Delete(temporary);
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        await using (FileStream stream = new(temporary, options))
        {
            await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(key + "\n"), cancellationToken);
            stream.Flush(flushToDisk: true);
        }

        File.Move(temporary, folder.ApiKeyFile, overwrite: true);
    }

    [LoggerMessage(6001, LogLevel.Information, "the first API key was made; it is kept at {Path}")]
    private partial void LogKeyMade(string path);
}
