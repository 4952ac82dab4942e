;; What all Unmix effects share: one track's selected samples go to the bridge, and its answer says what to do.
;;
;; The bridge holds two FIFOs open and names them, by paths that exist only while it lives, in the file `door`.
;; A bridge that is not there has no such paths; one that dies while an effect waits closes them, and the wait ends.
;; Audacity's window stands still while this runs, so the bridge answers within seconds, or says that it goes on by itself.

(setf *float-format* "%.9f")

(setf *unmix-absent*
  (format nil "Unmix is not running, so nothing was changed.~%~%Start it in a terminal with:   unmix audacity run~%What may be wrong:   unmix audacity doctor"))
(setf *unmix-died*
  (format nil "Unmix ended while it worked, so nothing was changed.~%~%Start it again in a terminal with:   unmix audacity run"))

(defun unmix-lines (path)
  (let ((file (open path)) lines line)
    (when file
      (do () ((null (setf line (read-line file)))) (push line lines))
      (close file))
    (reverse lines)))

;; The request's door is also opened for reading: without any reader a write would end Audacity by SIGPIPE.
(defun unmix-open-doors ()
  (let* ((paths (unmix-lines (strcat *unmix-folder* "door")))
         (doors (when (= (length paths) 2)
                  (list (open (first paths)) (open (first paths) :direction :output) (open (second paths))))))
    (cond ((null doors) nil)
          ((member nil doors) (unmix-close doors) nil)
          (t doors))))

(defun unmix-close (doors)
  (dolist (door doors) (when door (close door))))

(defun unmix-say-project (out operation settings)
  (format out "operation=~a~%project=~s~%" operation (get '*project* 'name))
  (format out "projects=~a~%tracks=~a~%project_rate=~a~%" (get '*project* 'projects) (get '*project* 'tracks) (get '*project* 'rate))
  (format out "version=~a~%selected=~a~%" (get '*audacity* 'version) (get '*selection* 'tracks))
  (format out "start=~a~%end=~a~%" (get '*selection* 'start) (get '*selection* 'end))
  (dolist (setting settings) (format out "setting.~a=~s~%" (car setting) (cdr setting))))

(defun unmix-say-track (out run)
  (format out "run=~a~%index=~a~%name=~s~%" run (get '*track* 'index) (get '*track* 'name))
  (format out "sample_rate=~a~%channels=~a~%frames=~a~%" (get '*track* 'rate) (get '*track* 'channels) len)
  (format out "clips=~a~%" (get '*track* 'clips)))

;; Asked once, on the first track: what Audacity tells only about all tracks together.
(defun unmix-say-surroundings (out)
  (format out "all_clips=~a~%" (car (aud-do "GetInfo: Type=Clips Format=LISP")))
  (format out "envelopes=~a~%" (car (aud-do "GetInfo: Type=Envelopes Format=LISP"))))

(defun unmix-end (out)
  (format out "END~%")
  (close out))

;; An answer begins with the word of its request: what an effect that was killed has left unread is passed over.
(defun unmix-answer (in word)
  (do ((line (read-line in) (read-line in)))
      ((or (null line) (string= line word)) (when line (read-line in)))))

(defun unmix-say-word (out)
  (let ((word (format nil "~a" (get-real-time))))
    (format out "word=~a~%" word)
    word))

;; Answers: `nothing`, `samples PATH`, `import PATH`, or `say` and the text up to a line END.
(defun unmix-obey (answer in)
  (cond ((null answer) *unmix-died*)
        ((string= answer "nothing") "")
        ((string= (subseq answer 0 (min 8 (length answer))) "samples ") (s-read (subseq answer 8)))
        ((string= (subseq answer 0 (min 7 (length answer))) "import ") (unmix-import (subseq answer 7)))
        ((string= answer "say") (unmix-text in))
        (t (strcat "Unmix gave an answer that this effect does not know. Run: unmix audacity install" ""))))

(defun unmix-text (in)
  (do ((text "") (line (read-line in) (read-line in)))
      ((or (null line) (string= line "END")) text)
    (setf text (if (string= text "") line (format nil "~a~%~a" text line)))))

(defun unmix-import (path)
  (let ((result (aud-do (format nil "Import2: Filename=\"~a\"" path))))
    (unmix-tell "imported" path)
    (if (cdr result) "" "Audacity could not add the new tracks. Is its disk full?")))

;; A notice that wants no answer.
(defun unmix-tell (operation what)
  (let ((doors (unmix-open-doors)))
    (when doors
      (format (second doors) "operation=~a~%what=~s~%" operation what)
      (unmix-end (second doors))
      (close (first doors))
      (close (third doors)))))

;; One run over several tracks keeps one name, in *scratch*, from the first track on.
(defun unmix-run-name ()
  (when (= (get '*track* 'index) 1)
    (putprop '*scratch* (format nil "~a" (get-real-time)) 'unmix-run))
  (get '*scratch* 'unmix-run))

(defun unmix (operation settings)
  (let ((doors (unmix-open-doors)) (run (unmix-run-name)) word answer result)
    (if (null doors)
        *unmix-absent*
        (let ((out (second doors)) (in (third doors)) (index (get '*track* 'index)))
          (s-save (prog1 *track* (setf *track* nil)) ny:all
                  (format nil "~ain/~a.~a.wav" *unmix-folder* run index)
                  :format snd-head-wave :mode snd-mode-float :bits 32)
          (setf word (unmix-say-word out))
          (unmix-say-project out operation settings)
          (unmix-say-track out run)
          (when (= index 1) (unmix-say-surroundings out))
          (unmix-end out)
          (setf answer (unmix-answer in word))
          (setf result (unmix-obey answer in))
          (close (first doors))
          (close in)
          result))))

;; For the Tools menu: tells the bridge which project is in front, and shows what it has to say. With nothing to say it
;; fails on purpose: a tool that returns an empty string gets an undo step.
(defun unmix-status ()
  (let ((doors (unmix-open-doors)) word answer result)
    (if (null doors)
        *unmix-absent*
        (let ((out (second doors)) (in (third doors)))
          (setf word (unmix-say-word out))
          (unmix-say-project out "status" nil)
          (unmix-end out)
          (setf answer (unmix-answer in word))
          (setf result (unmix-obey answer in))
          (close (first doors))
          (close in)
          (if (string= result "") nil result)))))
