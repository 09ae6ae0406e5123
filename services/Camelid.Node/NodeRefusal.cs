namespace Camelid.Node;

/// <summary>A node that does not start, with one line for people and an exit code for the shell.</summary>
internal sealed class NodeRefusal(int exitCode, string message) : Exception(message)
{
    public const int Failure = 1;
    public const int Usage = 2;
    public const int Refused = 4;

    public int ExitCode { get; } = exitCode;
}
