using System.Globalization;

namespace ImplicitNet.Fuzz;

/// <summary>How much the process grew at most since a moment, in bytes of memory that is resident; 0 where the system does not tell.</summary>
internal sealed class ProcessPeak
{
    private const string Reset = "/proc/self/clear_refs";
    private const string Status = "/proc/self/status";
    private static readonly bool IsKnown = OperatingSystem.IsLinux() && TryReset();
    private long _before;

    /// <summary>Begins anew.</summary>
    public void Begin()
    {
        if (IsKnown)
        {
            TryReset();
            _before = Read("VmRSS:");
        }
    }

    /// <summary>The growth since.</summary>
    public long Growth() => IsKnown ? Math.Max(Read("VmHWM:") - _before, 0) : 0;

    private static bool TryReset()
    {
        try
        {
            File.WriteAllText(Reset, "5");
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static long Read(string name)
    {
        string line = File.ReadLines(Status).First(text => text.StartsWith(name, StringComparison.Ordinal));
        return 1024 * long.Parse(line.AsSpan(name.Length).Trim().TrimEnd("kB"), CultureInfo.InvariantCulture);
    }
}
