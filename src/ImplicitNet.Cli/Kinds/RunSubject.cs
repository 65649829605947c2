using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Reports;
using ImplicitNet.Training;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Kinds;

/// <summary>What one run is about: its data, its network, and how it ends.</summary>
internal abstract class RunSubject
{
    /// <summary>What the network is and how it is solved.</summary>
    public abstract NetworkConfig Config { get; }

    /// <summary>How many samples there are of what, for headings.</summary>
    public abstract string Amounts { get; }

    /// <summary>What a person should know of the data; none by default.</summary>
    public virtual IReadOnlyList<string> Notes => [];

    /// <summary>The batches of a run.</summary>
    public abstract RunSources Sources(Device device);

    /// <summary>What becomes of samples whose solve fails.</summary>
    public abstract FailurePolicy PolicyFor(nn.Module<Tensor, Tensor> network);

    /// <summary>All that is measured once, at the end, by the weights chosen.</summary>
    public abstract FinalTest Test(
        nn.Module<Tensor, Tensor> network, Device device, IProgress<double> progress, CancellationToken cancellation);

    /// <summary>What is said of a training that has taught nothing.</summary>
    public abstract IReadOnlyList<string> Remarks(TrainingResult training, FinalTest test);

    /// <summary>A report with what it shows of this kind alone.</summary>
    public abstract RunReport Complete(RunReport report, FinalTest test);

    /// <summary>Writes the pictures of a run into its folder.</summary>
    /// <param name="network">With the weights chosen, in evaluation mode.</param>
    /// <param name="folder">The run's.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>The names of the files with what they are, and the sections of the page that show them.</returns>
    public abstract RunPictures Draw(nn.Module<Tensor, Tensor> network, RunFolder folder, CancellationToken cancellation);
}
