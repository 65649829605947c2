using System.Globalization;
using System.Runtime.InteropServices;
using ImplicitNet.Gradients;
using ImplicitNet.Networks;
using ImplicitNet.Operators;
using ImplicitNet.Solvers;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Tests.Gradients;

/// <summary>The most memory that a training step takes, of networks whose solver steps are large.</summary>
public sealed class TrainingMemoryTests : TensorTest
{
    private const string Reset = "/proc/self/clear_refs";

    // 36 more solver steps take less than a twentieth of what they would take in the graph; the process itself may be of any size.
    [Theory]
    [InlineData("images at two scales")]
    [InlineData("text")]
    public void Training_takes_as_much_memory_for_forty_solver_steps_as_for_four(string name)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && File.Exists(Reset), "The system does not tell the peak of a process since a moment.");
        using DisposeScope scope = NewDisposeScope();
        random.manual_seed(12);
        using ImplicitNetwork network = new(
            nn.Identity(),
            name == "text" ? new EquilibriumTransformer(16, 2, 64) : new MultiscaleOperator([8, 8], (32, 32)),
            nn.Identity());
        Tensor data = name == "text" ? randn(8, 128, 16) : randn(8, 32, 32, 8).permute(0, 3, 1, 2);
        JacobianFreeGradient free = new();
        _ = Peak(4, free) + Peak(40, free);
        (long few, long many) = (Peak(4, free), Peak(40, free));
        long unrolled = Peak(1, new PhantomGradient { Steps = 40, Damping = 1 });
        Assert.True(unrolled - few > 32 << 10, $"Steps in the graph take {unrolled - few} KiB, which say nothing of the others.");
        Assert.InRange(many - few, -(unrolled - few) / 20, (unrolled - few) / 20);

        // Above what the process held before: others of its objects are freed at any time.
        long Peak(int steps, FixedPointGradient gradient)
        {
            using DisposeScope inner = NewDisposeScope();
            network.Settings = new SolveSettings
            {
                Solver = new AndersonSolver(),
                Stopping = new StoppingRule { RelativeTolerance = 0, MaxSteps = steps },
                Gradient = gradient,
                OnFailure = new AcceptMaxSteps(),
            };
            network.zero_grad();

            // What earlier tests have freed, the C library keeps: within it a graph would be seen by nobody.
            GC.Collect();
            GC.WaitForPendingFinalizers();
            _ = Trim(0);
            File.WriteAllText(Reset, "5");
            long before = Status("VmRSS:");
            network.call(data).square().mean().backward();
            return Status("VmHWM:") - before;
        }

        static long Status(string name)
        {
            string line = File.ReadLines("/proc/self/status").Single(line => line.StartsWith(name, StringComparison.Ordinal));
            return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture);
        }
    }

    [DllImport("libc", EntryPoint = "malloc_trim", ExactSpelling = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Trim(nuint kept);
}
