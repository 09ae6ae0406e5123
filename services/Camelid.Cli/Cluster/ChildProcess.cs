using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Camelid.Cli.Cluster;

/// <summary>
/// A child in its own session, its output in a file; stopped by SIGTERM, or killed without a warning.
/// </summary>
internal sealed partial class ChildProcess : IDisposable
{
    private const int SignalTerminate = 15;
    private readonly Process process;
    private readonly StreamWriter log;

    private ChildProcess(Process process, StreamWriter log) => (this.process, this.log) = (process, log);

    public int Id => process.Id;

    public bool HasExited => process.HasExited;

    public int ExitCode => process.ExitCode;

    /// <summary>Starts <c>dotnet PROGRAM …</c>.</summary>
    /// <param name="arguments">The program and what follows it.</param>
    /// <param name="variables">Environment variables.</param>
    /// <param name="logFile">Where its lines are appended.</param>
    /// <param name="onLine">Gets each line too, as it comes.</param>
    public static ChildProcess StartDotnet(
        IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> variables, string logFile,
        Action<string>? onLine = null)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(logFile)!);
        bool hasSessions = File.Exists("/usr/bin/setsid");
        ProcessStartInfo start = new(hasSessions ? "/usr/bin/setsid" : "dotnet")
        {
            RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true,
        };
        foreach (string argument in hasSessions ? arguments.Prepend("dotnet") : arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach ((string name, string value) in variables)
        {
            start.Environment[name] = value;
        }

        StreamWriter log = TextWriterFor(logFile);
        Process process = new() { StartInfo = start };
        void Take(string? line)
        {
            if (line is not null)
            {
                WriteLine(log, line);
                onLine?.Invoke(line);
            }
        }

        process.OutputDataReceived += (_, line) => Take(line.Data);
        process.ErrorDataReceived += (_, line) => Take(line.Data);
        process.Start();
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return new ChildProcess(process, log);
    }

    /// <summary>SIGKILL: nothing in the child runs after this.</summary>
    public void Kill()
    {
        if (!process.HasExited)
        {
            process.Kill();
        }
    }

    /// <summary>SIGTERM, then SIGKILL where the child is still there after the limit.</summary>
    /// <returns>True where it stopped by itself.</returns>
    public async Task<bool> StopAsync(TimeSpan limit)
    {
        if (process.HasExited)
        {
            return true;
        }

        _ = SendSignal(process.Id, SignalTerminate);
        using CancellationTokenSource timeout = new(limit);
        try
        {
            await process.WaitForExitAsync(timeout.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            Kill();
            await process.WaitForExitAsync(CancellationToken.None);
            return false;
        }
    }

    public Task WaitForExitAsync(CancellationToken cancellationToken) => process.WaitForExitAsync(cancellationToken);

    public void Dispose()
    {
        Kill();
        process.Dispose();
        lock (log)
        {
            log.Dispose();
        }
    }

    private static StreamWriter TextWriterFor(string file) =>
        new(new FileStream(file, FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };

    private static void WriteLine(StreamWriter log, string line)
    {
        lock (log)
        {
            if (log.BaseStream is { CanWrite: true })
            {
                log.WriteLine(line);
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int processId, int signal);
}
