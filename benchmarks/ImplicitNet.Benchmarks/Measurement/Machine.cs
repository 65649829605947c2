using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using ImplicitNet.Cli;
using TorchSharp;

namespace ImplicitNet.Benchmarks.Measurement;

/// <summary>What a figure depends on besides the code: the kind of machine, but not which machine, and the threads in use.</summary>
/// <param name="Cores">Logical processors that this process may use.</param>
/// <param name="InstructionSet">The widest vector instructions of the processor that .NET sees.</param>
/// <param name="Threads">Threads that torch computes with.</param>
/// <param name="System">Operating system and architecture.</param>
/// <param name="Runtime">Versions of .NET and TorchSharp.</param>
internal sealed record Machine(int Cores, string InstructionSet, int Threads, string System, string Runtime)
{
    /// <summary>This one, as it is set now.</summary>
    public static Machine Current() => new(
        Environment.ProcessorCount,
        Vectors(),
        torch.get_num_threads(),
        $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}",
        string.Create(CultureInfo.InvariantCulture, $".NET {Environment.Version}, TorchSharp {typeof(torch).Assembly.GetName().Version}"));

    /// <summary>Such as "1 thread, 2 cores, AVX-512".</summary>
    public override string ToString() => $"{Display.Counted(Threads, "thread")}, {Display.Counted(Cores, "core")}, {InstructionSet}";

    private static string Vectors() =>
        Avx512F.IsSupported ? "AVX-512"
        : Avx2.IsSupported ? "AVX2"
        : Sse42.IsSupported ? "SSE4.2"
        : AdvSimd.IsSupported ? "Advanced SIMD"
        : "no vectors";
}
