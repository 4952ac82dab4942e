$nyquist plug-in
$version 4
$type process
$name (_ "Separate with Options")
$debugbutton disabled
$preview disabled
$author (_ "Unmix")
$release 0.1.0
$copyright (_ "MIT")

$control model (_ "Model") choice (("auto" (_ "Automatic"))
                                   ("htdemucs" (_ "HTDemucs: four stems"))
                                   ("htdemucs_ft" (_ "HTDemucs, fine-tuned: four stems, slow"))
                                   ("htdemucs_6s" (_ "HTDemucs: six stems"))
                                   ("dsp" (_ "Signal processing: needs no download"))) 0
$control stems (_ "New tracks") choice (("all" (_ "All stems of the model"))
                                        ("vocals_and_rest" (_ "Vocals, and all but vocals"))
                                        ("vocals" (_ "Vocals"))
                                        ("no_vocals" (_ "All but vocals"))
                                        ("drums" (_ "Drums"))
                                        ("no_drums" (_ "All but drums"))
                                        ("bass" (_ "Bass"))
                                        ("no_bass" (_ "All but bass"))) 0

(setf unmix-home (strcat (get '*system-dir* 'user-plug-in) "/"))
(load (strcat unmix-home "unmix-folder.lsp") :verbose nil)
(load (strcat unmix-home "unmix.lsp") :verbose nil)
(unmix "separate"
       (list (cons "separate_model" (nth model '("auto" "htdemucs" "htdemucs_ft" "htdemucs_6s" "dsp")))
             (cons "stems" (nth stems '("" "vocals -vocals" "vocals" "-vocals" "drums" "-drums" "bass" "-bass")))))
