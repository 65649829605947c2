using ImplicitNet.Cli.Screens;
using ImplicitNet.Kernels;
using TorchSharp;

namespace ImplicitNet.Cli.Options;

/// <summary>Finds the device of a name, and sets the number of threads.</summary>
internal static class DeviceChoice
{
    public const string Processor = "cpu";

    private const string Cuda = "cuda";

    public static IReadOnlyList<string> Names { get; } = [Processor, Cuda];

    public static torch.Device Open(string name)
    {
        if (name == Cuda && !torch.cuda.is_available())
        {
            throw new CommandException("--device cuda: no CUDA device can be used here. Take --device cpu, "
                + "or build with a libtorch-cuda package on a machine with an NVIDIA driver.");
        }

        return new torch.Device(name == Cuda ? DeviceType.CUDA : DeviceType.CPU);
    }

    /// <summary>
    /// Sets the threads, to those given or one per core, and never more than there are cores to this process, by its affinity and its
    /// container: threads that wait for each other without cores of their own bring a machine to its knees.
    /// </summary>
    /// <param name="threads">The number; null for the default.</param>
    /// <param name="terminal">Told when there are fewer cores than asked for.</param>
    /// <returns>The number in force.</returns>
    public static int SetThreads(int? threads, Terminal terminal)
    {
        int cores = ThreadCount.Cores;
        int number = threads ?? ThreadCount.Get();
        if (threads > cores)
        {
            terminal.Tell(
                $"[yellow]--threads {threads}: only {Display.Counted(cores, "core")} can be used here; as many threads are taken.[/]");
        }

        if (Math.Min(number, cores) != ThreadCount.Get())
        {
            ThreadCount.Set(Math.Min(number, cores));
        }

        return ThreadCount.Get();
    }
}
