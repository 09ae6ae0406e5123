using System.Diagnostics;
using Camelid.TestKit;

namespace Camelid.Browser.Tests;

/// <summary>OpenAI's own client works against a node.</summary>
public sealed class OpenAiClientTests(RunningNode node)
{
    private static readonly TimeSpan CheckMax = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task The_official_client_completes_chats_streams_and_retries()
    {
        string source = Path.Combine(
            SharedFiles.RepositoryRoot, "tests", "Camelid.Browser.Tests", "openai-client");
        string folder = Directory.CreateTempSubdirectory("camelid-openai-").FullName;
        try
        {
            foreach (string file in Directory.GetFiles(source))
            {
                File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
            }

            (int installed, string installation) = await RunAsync(folder, "npm", "ci", "--no-audit", "--no-fund");
            Assert.SkipUnless(installed == 0, $"npm cannot install the client here: {installation}");
            (int exit, string output) = await RunAsync(folder, "node", "check.mjs");
            Assert.True(exit == 0, output);
            Assert.Contains("all checks passed", output, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task<(int Exit, string Output)> RunAsync(string folder, string program, params string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["CAMELID_URL"] = node.Address;
        start.Environment["CAMELID_API_KEY"] = node.ApiKey;
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(
            TestContext.Current.CancellationToken);
        limit.CancelAfter(CheckMax);
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(limit.Token);
        Task<string> error = process.StandardError.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        return (process.ExitCode, await output + await error);
    }
}
