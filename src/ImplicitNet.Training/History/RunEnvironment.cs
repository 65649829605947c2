using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using TorchSharp;

namespace ImplicitNet.Training.History;

/// <summary>What a run's numbers may depend on besides its settings: versions and the kind of machine, but not which machine.</summary>
internal static class RunEnvironment
{
    /// <summary>Names and values for a report's table.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Describe() =>
    [
        new("ImplicitNet.Training", Version(typeof(RunEnvironment))),
        new("TorchSharp", Version(typeof(torch))),
        new(".NET", Environment.Version.ToString()),
        new("Operating system", RuntimeInformation.OSDescription),
        new("Architecture", RuntimeInformation.ProcessArchitecture.ToString()),
        new("Processors", Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture)),
        new("Memory", string.Create(CultureInfo.InvariantCulture, $"{GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 1e9:0.0} GB")),
    ];

    private static string Version(Type type)
    {
        string? full = type.Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
        return full ?? type.Assembly.GetName().Version?.ToString() ?? "unknown";
    }
}
